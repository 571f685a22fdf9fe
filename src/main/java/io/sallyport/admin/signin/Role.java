package io.sallyport.admin.signin;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.Optional;

/** What an operator is for; {@link Permissions} says what that allows. */
public enum Role {
  /** Everything, operators and tokens included. */
  OWNER("owner"),
  /** The daily work on devices, certificates and revocations. */
  OPERATOR("operator"),
  /** The telephone: enrolment codes, suspending what was lost, explaining. */
  HELPDESK("helpdesk"),
  /** Reads everything, changes nothing. */
  AUDITOR("auditor"),
  /** RADIUS clients, segments, policies. */
  NETWORK("network");

  private final String wire;

  Role(String wire) {
    this.wire = wire;
  }

  @JsonValue
  public String wire() {
    return wire;
  }

  public static Optional<Role> of(String wire) {
    return Arrays.stream(values()).filter(role -> role.wire.equals(wire)).findFirst();
  }
}
