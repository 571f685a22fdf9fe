package io.sallyport.policy;

import dev.cel.common.types.CelType;
import dev.cel.common.types.StructType;
import dev.cel.common.values.StructValue;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.UserFacts;
import java.util.AbstractMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A question as rules see it. It notes what a rule asked for and did not find, so that a refusal
 * can say what was missing. For one thread.
 */
final class Facts {

  private final Map<String, Object> variables = new HashMap<>();
  private final Set<String> missingPosture = new TreeSet<>();
  private boolean missingUser;

  Facts(PolicyQuestion question) {
    variables.put("device", device(question.device()));
    variables.put("certificate", certificate(question.certificate()));
    Map<String, Object> values = new HashMap<>();
    Map<String, Object> reports = new HashMap<>();
    question
        .posture()
        .forEach(
            (name, fact) -> {
              values.put(name, fact.value());
              reports.put(name, report(fact));
            });
    variables.put("posture", new Posture(values));
    variables.put("postureReport", new Posture(reports));
    variables.put("door", question.door().wire());
    variables.put("source", new Source(question.source()));
    variables.put("user", user(question.user()));
    variables.put("now", question.now());
  }

  Map<String, Object> variables() {
    return variables;
  }

  /** Forgets what was missing, before the next rule is asked. */
  void forget() {
    missingPosture.clear();
    missingUser = false;
  }

  /** The names of the facts that were asked for and are not known. */
  Set<String> missingPosture() {
    return missingPosture;
  }

  /** Whether the person was asked for, and nobody has signed in. */
  boolean missingUser() {
    return missingUser;
  }

  private static Struct device(PolicyQuestion.Device device) {
    return new Struct(
        "Device",
        Map.of(
            "id", device.id().toString(),
            "name", device.name(),
            "owner", device.owner(),
            "kind", device.kind(),
            "state", device.state(),
            "segments", device.segments().stream().map(SegmentName::value).toList(),
            "labels", device.labels(),
            "externalId", device.externalId()));
  }

  private static Struct certificate(PolicyQuestion.Certificate certificate) {
    return new Struct(
        "Certificate",
        Map.of(
            "thumbprint", certificate.thumbprint().hex(),
            "issuer", certificate.issuer(),
            "serial", certificate.serial(),
            "subject", certificate.subject(),
            "sans", certificate.sans(),
            "notBefore", certificate.notBefore(),
            "notAfter", certificate.notAfter(),
            "keyProtection", certificate.keyProtection(),
            "source", certificate.source()));
  }

  private static Struct report(PostureFact fact) {
    return new Struct(
        "Report",
        Map.of(
            "source", fact.source(),
            "reportedAt", fact.reportedAt(),
            "expiresAt", fact.expiresAt()));
  }

  private Struct user(Optional<UserFacts> user) {
    return user.<Struct>map(
            facts ->
                new Struct(
                    "User",
                    Map.of(
                        "issuer", facts.issuer(),
                        "subject", facts.subject(),
                        "name", facts.name(),
                        "email", facts.email(),
                        "groups", facts.groups(),
                        "authenticatedAt", facts.authenticatedAt())))
        .orElseGet(Nobody::new);
  }

  /** A variable with fields. All fields are there. */
  static class Struct extends StructValue<String, Object> {
    private final StructType type;
    private final Map<String, Object> fields;

    Struct(String type, Map<String, Object> fields) {
      this.type = Vocabulary.INSTANCE.struct(type);
      this.fields = fields;
    }

    @Override
    public Object select(String field) {
      Object value = fields.get(field);
      if (value == null) {
        throw new IllegalArgumentException("there is no " + field);
      }
      return value;
    }

    @Override
    public Optional<Object> find(String field) {
      return Optional.ofNullable(fields.get(field));
    }

    @Override
    public Object value() {
      return this;
    }

    @Override
    public boolean isZeroValue() {
      return fields.isEmpty();
    }

    @Override
    public CelType celType() {
      return type;
    }
  }

  /** Where the request comes from; {@code inNetwork} asks it. */
  static final class Source extends Struct {
    private final SourceAddress address;

    Source(SourceAddress address) {
      super("Source", Map.of("address", address.host(), "port", (long) address.port()));
      this.address = address;
    }

    SourceAddress address() {
      return address;
    }
  }

  /** The person, when nobody signed in: has no field. */
  private final class Nobody extends Struct {
    Nobody() {
      super("User", Map.of());
    }

    @Override
    public Object select(String field) {
      missingUser = true;
      throw new IllegalArgumentException("nobody has signed in");
    }
  }

  /** Facts by name. Asking whether one is there is no asking for it. */
  private final class Posture extends AbstractMap<String, Object> {
    private final Map<String, Object> facts;

    Posture(Map<String, Object> facts) {
      this.facts = facts;
    }

    @Override
    public Object get(Object name) {
      Object value = facts.get(name);
      if (value == null) {
        missingPosture.add(String.valueOf(name));
      }
      return value;
    }

    @Override
    public boolean containsKey(Object name) {
      return facts.containsKey(name);
    }

    @Override
    public Set<Entry<String, Object>> entrySet() {
      return facts.entrySet();
    }
  }
}
