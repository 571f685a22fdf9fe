package io.sallyport.audit;

import io.sallyport.identity.SegmentName;
import io.sallyport.identity.TlsFacts;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes rows of records. The members of a decision are those of the REST interface plus {@code v}
 * (1) and {@code kind}; a member that is null is left out. Written by hand in canonical order,
 * since every admission waits for it. Not thread-safe: one for each writer.
 */
final class RecordEncoder {

  /**
   * Fields of a change that tell of a person, wherever they stand in {@code before} and {@code
   * after}.
   */
  static final Set<String> PERSONAL_IN_CHANGES =
      Set.of("name", "owner", "identifiers", "subject", "sans", "facts");

  private final String replica;
  private final CanonicalJson json = new CanonicalJson();
  private final PersonalFields personal;

  RecordEncoder(SecureRandom random, String replica) {
    this.personal = new PersonalFields(random);
    this.replica = replica;
  }

  EncodedRecord encode(DecisionRecord record) {
    personal.begin();
    String at = time(record.at());
    var certificate = record.certificate();
    var device = record.device();
    json.clear().open().member("at").string(at);
    if (certificate != null) {
      certificate(certificate);
    }
    checks(record.checks());
    if (record.connectionId() != null) {
      json.member("connectionId").string(record.connectionId().toString());
    }
    json.member("count").number(record.count());
    if (device != null) {
      json.member("device").open().member("id").string(device.id().toString());
      secret("name", "/device/name", device.name());
      json.member("version").number(device.version()).close();
    }
    json.member("door").string(record.door().wire());
    if (record.grant() != null) {
      grant(record.grant());
    }
    json.member("id").string(record.id().toString());
    json.member("kind").string("decision");
    json.member("outcome").string(record.outcome().wire());
    strings("reasons", record.reasons());
    text("replica", replica);
    json.member("source").open();
    secret("address", "/source/address", record.source().host());
    json.member("port").number(record.source().port()).close();
    if (record.tls() != null) {
      tls(record.tls());
    }
    if (record.user() != null) {
      user(record.user());
    }
    json.member("v").number(1).close();
    return new EncodedRecord(
        record.id().value(),
        at,
        EncodedRecord.Kind.DECISION,
        record.door().wire(),
        record.outcome().wire(),
        record.reasons(),
        device == null ? null : device.id().value(),
        certificate == null || certificate.thumbprint() == null
            ? null
            : certificate.thumbprint().bytes(),
        record.source().host(),
        null,
        record.count(),
        replica,
        json.bytes(),
        personal.salt(),
        personal.end());
  }

  EncodedRecord encode(ChangeRecord record) {
    personal.begin();
    String at = time(record.at());
    json.clear().open();
    text("action", record.action());
    text("actor", record.actor());
    json.member("after");
    change("/after", record.after(), false);
    json.member("at").string(at).member("before");
    change("/before", record.before(), false);
    if (record.device() != null) {
      json.member("device").string(record.device().toString());
    }
    json.member("id").string(record.id().toString()).member("kind").string("change");
    text("replica", replica);
    secret("source", "/source", record.source());
    if (record.thumbprint() != null) {
      json.member("thumbprint").string(record.thumbprint().hex());
    }
    json.member("v").number(1).close();
    return new EncodedRecord(
        record.id(),
        at,
        EncodedRecord.Kind.CHANGE,
        null,
        null,
        List.of(),
        record.device() == null ? null : record.device().value(),
        record.thumbprint() == null ? null : record.thumbprint().bytes(),
        record.source(),
        clean(record.actor()),
        1,
        replica,
        json.bytes(),
        personal.salt(),
        personal.end());
  }

  private void certificate(DecisionRecord.CertificateFacts certificate) {
    json.member("certificate").open();
    text("issuer", certificate.issuer());
    instant("notAfter", certificate.notAfter());
    instant("notBefore", certificate.notBefore());
    json.member("sans").openList();
    for (int i = 0; i < certificate.sans().size(); i++) {
      personal.write(json.element(), "/certificate/sans/" + i, clean(certificate.sans().get(i)));
    }
    json.closeList();
    text("serial", certificate.serial());
    secret("subject", "/certificate/subject", certificate.subject());
    if (certificate.thumbprint() != null) {
      json.member("thumbprint").string(certificate.thumbprint().hex());
    }
    json.close();
  }

  private void checks(List<DecisionRecord.Check> checks) {
    json.member("checks").openList();
    for (var check : checks) {
      json.element().open().member("evidence").open();
      Map<String, String> evidence =
          check.evidence().size() < 2 ? check.evidence() : new TreeMap<>(check.evidence());
      evidence.forEach(this::text);
      json.close();
      text("name", check.name());
      text("result", check.result());
      json.close();
    }
    json.closeList();
  }

  private void grant(DecisionRecord.GrantFacts grant) {
    json.member("grant").open();
    instant("expiresAt", grant.expiresAt());
    json.member("id").string(grant.id().toString());
    strings("segments", grant.segments().stream().map(SegmentName::value).toList());
    json.close();
  }

  private void tls(TlsFacts tls) {
    json.member("tls").open();
    text("alpn", tls.alpn());
    text("cipher", tls.cipher());
    text("group", tls.group());
    text("version", tls.version());
    json.close();
  }

  private void user(DecisionRecord.UserIdentity user) {
    json.member("user").open();
    text("issuer", user.issuer());
    secret("name", "/user/name", user.name());
    secret("subject", "/user/subject", user.subject());
    json.close();
  }

  private void change(String pointer, Object value, boolean isPersonal) {
    switch (value) {
      case Map<?, ?> map -> {
        json.open();
        var sorted = new TreeMap<String, Object>();
        map.forEach((name, each) -> sorted.put(clean((String) name), each));
        sorted.forEach(
            (name, each) -> {
              json.member(name);
              change(
                  pointer + "/" + name.replace("~", "~0").replace("/", "~1"),
                  each,
                  isPersonal || PERSONAL_IN_CHANGES.contains(name));
            });
        json.close();
      }
      case List<?> list -> {
        json.openList();
        for (int i = 0; i < list.size(); i++) {
          json.element();
          change(pointer + "/" + i, list.get(i), isPersonal);
        }
        json.closeList();
      }
      case String text when isPersonal -> personal.write(json, pointer, clean(text));
      case String text -> json.string(clean(text));
      case null -> json.value(null);
      default -> json.value(value);
    }
  }

  private void secret(String name, String pointer, String value) {
    if (value != null) {
      json.member(name);
      personal.write(json, pointer, clean(value));
    }
  }

  private void text(String name, String value) {
    if (value != null) {
      json.member(clean(name)).string(clean(value));
    }
  }

  private void instant(String name, Instant value) {
    if (value != null) {
      json.member(name).string(time(value));
    }
  }

  private void strings(String name, List<String> values) {
    json.member(name).openList();
    for (String value : values) {
      json.element().string(clean(value));
    }
    json.closeList();
  }

  private static String time(Instant instant) {
    // Postgres keeps microseconds: the column and the canonical bytes must tell the same time.
    return instant.truncatedTo(ChronoUnit.MICROS).toString();
  }

  /**
   * A certificate may hold any character. NUL (which no text in Postgres can hold) and unpaired
   * surrogates (which no UTF-8 can) become U+FFFD, so that nobody keeps himself out of the log by a
   * name that cannot be written.
   */
  static String clean(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0 || Character.isSurrogate(c)) {
        return cleaned(text);
      }
    }
    return text;
  }

  private static String cleaned(String text) {
    var clean = new StringBuilder(text.length());
    text.codePoints()
        .map(
            c ->
                c == 0 || c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
        .forEach(clean::appendCodePoint);
    return clean.toString();
  }
}
