package io.sallyport.user;

import io.sallyport.identity.UserFacts;
import java.time.Instant;
import java.util.Objects;

/** What a token says about a person, once it has been checked. */
public sealed interface UserVerdict {

  /**
   * The identity provider vouches for this person.
   *
   * @param expiresAt when its word ends; after the moment of the check
   */
  record Verified(UserFacts user, Instant expiresAt) implements UserVerdict {
    public Verified {
      Objects.requireNonNull(user, "user");
      Objects.requireNonNull(expiresAt, "expiresAt");
    }
  }

  /**
   * The token is worth nothing here.
   *
   * @param cause one sentence for whoever runs the client; holds nothing of the token's contents
   */
  record Invalid(String cause) implements UserVerdict {
    public Invalid {
      Objects.requireNonNull(cause, "cause");
    }
  }

  /** It can't be checked now: the database or the provider's keys are away. */
  record Unavailable(String cause) implements UserVerdict {
    public Unavailable {
      Objects.requireNonNull(cause, "cause");
    }
  }
}
