package io.sallyport.admin.signin;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * The one table of who may do what. An endpoint asks for a permission of this class, never for a
 * role; a test walks every endpoint with every role.
 */
public final class Permissions {

  public static final String DEVICES_READ = "devices:read";
  public static final String DEVICES_WRITE = "devices:write";

  /** Any step of a device's life. */
  public static final String DEVICES_STATE = "devices:state";

  /** Only the step to suspended. */
  public static final String DEVICES_SUSPEND = "devices:suspend";

  public static final String POSTURE_READ = "posture:read";

  /** To report facts about devices. */
  public static final String POSTURE_WRITE = "posture:write";

  public static final String CERTIFICATES_READ = "certificates:read";
  public static final String CERTIFICATES_WRITE = "certificates:write";
  public static final String REVOCATIONS_READ = "revocations:read";
  public static final String REVOCATIONS_WRITE = "revocations:write";
  public static final String DECISIONS_READ = "decisions:read";
  public static final String ANCHORS_READ = "anchors:read";
  public static final String ANCHORS_WRITE = "anchors:write";

  public static final String POLICIES_READ = "policies:read";
  public static final String POLICIES_WRITE = "policies:write";
  public static final String SEGMENTS_READ = "segments:read";
  public static final String SEGMENTS_WRITE = "segments:write";

  /** To ask who would be cut off and who let in by a change. */
  public static final String SIMULATIONS_RUN = "simulations:run";

  /** To run today's decision dry, for one device. */
  public static final String DEVICES_EXPLAIN = "devices:explain";

  /** The transparency log: its head, tiles, proofs and export. */
  public static final String AUDIT_READ = "audit:read";

  /** Who vouches for people. */
  public static final String PROVIDERS_READ = "identityProviders:read";

  public static final String PROVIDERS_WRITE = "identityProviders:write";

  /** What may leave the log: legal holds, erasures of personal data. */
  public static final String AUDIT_WRITE = "audit:write";

  /** To say whom the log is sent to. */
  public static final String AUDIT_SINKS_WRITE = "auditSinks:write";

  public static final String ENROLMENTS_WRITE = "enrolments:write";
  public static final String TOKENS_READ = "tokens:read";
  public static final String TOKENS_WRITE = "tokens:write";

  /** To end a grant (RFC 7009). */
  public static final String GRANTS_END = "grants:end";

  /** To see who one is; every operator and every token has it. */
  public static final String SELF_READ = "self:read";

  /** To change one's own password; operators only. */
  public static final String SELF_PASSWORD = "self:password";

  /** To ask whether a grant is alive (RFC 7662); tokens of that scope only. */
  public static final String INTROSPECT = "introspect";

  /** To ask for a proxy; tokens of that scope only. */
  public static final String FORWARD_AUTH = "forwardAuth";

  /** The scopes of an API token that are no role. */
  public static final Set<String> PROXY_SCOPES = Set.of(INTROSPECT, FORWARD_AUTH);

  /**
   * The scope of tokens that report facts about devices and do nothing else; what an MDM or a
   * script has. If such a token lists audiences, they are the ids of the devices it reports about.
   */
  public static final String POSTURE = "posture";

  // A stolen token must not make itself heirs, become a person, nor have anything forgotten.
  private static final Set<String> NEVER_BY_TOKEN =
      Set.of(TOKENS_WRITE, SELF_PASSWORD, AUDIT_WRITE);

  private static final Set<String> READ =
      Set.of(
          DEVICES_READ,
          POSTURE_READ,
          DEVICES_EXPLAIN,
          CERTIFICATES_READ,
          REVOCATIONS_READ,
          DECISIONS_READ,
          POLICIES_READ,
          SEGMENTS_READ,
          SELF_READ,
          SELF_PASSWORD);

  private Permissions() {}

  /** What an operator of this role may do. */
  public static Set<String> of(Role role) {
    return switch (role) {
      case OWNER ->
          with(
              SIMULATIONS_RUN,
              DEVICES_WRITE,
              DEVICES_STATE,
              DEVICES_SUSPEND,
              POSTURE_WRITE,
              CERTIFICATES_WRITE,
              REVOCATIONS_WRITE,
              GRANTS_END,
              ANCHORS_READ,
              ANCHORS_WRITE,
              PROVIDERS_READ,
              PROVIDERS_WRITE,
              ENROLMENTS_WRITE,
              POLICIES_WRITE,
              SEGMENTS_WRITE,
              AUDIT_READ,
              AUDIT_WRITE,
              AUDIT_SINKS_WRITE,
              TOKENS_READ,
              TOKENS_WRITE);
      case OPERATOR ->
          with(
              SIMULATIONS_RUN,
              DEVICES_WRITE,
              DEVICES_STATE,
              DEVICES_SUSPEND,
              POSTURE_WRITE,
              CERTIFICATES_WRITE,
              REVOCATIONS_WRITE,
              GRANTS_END,
              ANCHORS_READ,
              ANCHORS_WRITE,
              PROVIDERS_READ,
              ENROLMENTS_WRITE);
      case HELPDESK -> with(DEVICES_SUSPEND, GRANTS_END, ENROLMENTS_WRITE);
      case AUDITOR -> with(SIMULATIONS_RUN, AUDIT_READ, TOKENS_READ, ANCHORS_READ, PROVIDERS_READ);
      case NETWORK -> with(SIMULATIONS_RUN, POLICIES_WRITE, SEGMENTS_WRITE);
    };
  }

  /** What a token of these scopes may do: what its roles may, less what only a person may. */
  public static Set<String> ofToken(Collection<String> scopes) {
    Set<String> permissions = new HashSet<>();
    permissions.add(SELF_READ);
    for (String scope : scopes) {
      if (PROXY_SCOPES.contains(scope)) {
        permissions.add(scope);
      } else if (scope.equals(POSTURE)) {
        permissions.add(POSTURE_WRITE);
      } else {
        Role.of(scope).map(Permissions::of).ifPresent(permissions::addAll);
      }
    }
    permissions.removeAll(NEVER_BY_TOKEN);
    return Set.copyOf(permissions);
  }

  private static Set<String> with(String... more) {
    Set<String> permissions = new HashSet<>(READ);
    permissions.addAll(Set.of(more));
    return Set.copyOf(permissions);
  }
}
