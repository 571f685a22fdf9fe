package io.sallyport.admin.signin;

import java.security.Principal;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * Who is asking, proven: an operator by password, or an API token.
 *
 * @param id of the operator or the token
 * @param name the operator's name, or the token's
 * @param roles the operator's role, or the token's scopes
 * @param audiences what a proxy's token may ask about; empty for an operator
 * @param source the address asked from, in numbers
 */
public record OperatorIdentity(
    Kind kind, UUID id, String name, List<String> roles, List<String> audiences, String source)
    implements Principal {

  /** How the asker is known. */
  public enum Kind {
    OPERATOR("operator"),
    TOKEN("token");

    private final String wire;

    Kind(String wire) {
      this.wire = wire;
    }

    public String wire() {
      return wire;
    }
  }

  public OperatorIdentity {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    roles = List.copyOf(roles);
    audiences = List.copyOf(audiences);
  }

  /**
   * As audit records name it: {@code operator:<name>} or {@code token:<name>#<id>}. An operator's
   * name is unique; a token's is chosen freely and may be chosen again.
   */
  public String actor() {
    return switch (kind) {
      case OPERATOR -> kind.wire() + ":" + name;
      case TOKEN -> kind.wire() + ":" + name + "#" + id;
    };
  }

  @Override
  public String getName() {
    return actor();
  }
}
