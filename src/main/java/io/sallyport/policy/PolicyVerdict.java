package io.sallyport.policy;

import io.sallyport.identity.SegmentName;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What a policy says to a question. */
public sealed interface PolicyVerdict {

  /** The version that was judged by; 0 is a draft. */
  long version();

  /** The name of the rule that decided; "" if none matched. */
  String rule();

  /**
   * @param segments what is opened, each once, in the rule's order; may be empty
   * @param lifetime for how long at most, above zero
   */
  record Admit(long version, String rule, List<SegmentName> segments, Duration lifetime)
      implements PolicyVerdict {
    public Admit {
      Objects.requireNonNull(rule, "rule");
      segments = List.copyOf(segments);
      if (lifetime.isNegative() || lifetime.isZero()) {
        throw new IllegalArgumentException("a lifetime is above zero");
      }
    }
  }

  /**
   * @param message a sentence for the person at the device, free of personal data
   */
  record Refuse(long version, String rule, Code code, String message) implements PolicyVerdict {
    public Refuse {
      Objects.requireNonNull(rule, "rule");
      Objects.requireNonNull(code, "code");
      Objects.requireNonNull(message, "message");
    }
  }

  /** Why not; the wire form is the reason code of decisions. */
  enum Code {
    POLICY_DENIED("policy_denied"),
    /** A fact about the device is missing or too old; reporting it may help. */
    POSTURE_MISSING("posture_missing"),
    /** Nobody has signed in at the device; signing in may help. */
    USER_REQUIRED("user_required");

    private final String wire;

    Code(String wire) {
      this.wire = wire;
    }

    public String wire() {
      return wire;
    }

    public static Optional<Code> of(String wire) {
      return Arrays.stream(values()).filter(code -> code.wire.equals(wire)).findFirst();
    }
  }
}
