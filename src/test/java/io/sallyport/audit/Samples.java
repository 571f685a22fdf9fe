package io.sallyport.audit;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.TlsFacts;
import io.sallyport.identity.Uuids;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Records as the doors write them. */
final class Samples {

  static final Instant NOON = Instant.parse("2026-11-23T12:00:00.123456789Z");
  static final SecureRandom RANDOM = new SecureRandom();

  final SetClock clock = new SetClock(NOON);
  final Uuids ids = new Uuids(clock, RANDOM);

  DecisionRecord admitted() {
    return admittedWith(null);
  }

  /** An admission on the word of an identity provider too. */
  DecisionRecord admittedWith(DecisionRecord.UserIdentity user) {
    var device = new DeviceId(ids.next());
    return new DecisionRecord(
        new DecisionId(ids.next()),
        clock.instant(),
        Door.HTTPS,
        source("192.0.2.7"),
        ids.next(),
        Outcome.ADMITTED,
        List.of(),
        new DecisionRecord.DeviceFacts(device, "laptop of Zoë", 7),
        certificate("CN=laptop-7,O=Example"),
        new TlsFacts("TLSv1.3", "TLS_AES_128_GCM_SHA256", "X25519MLKEM768", null),
        List.of(
            new DecisionRecord.Check(
                "lifecycle", "passed", evidence(Map.of("state", "active", "deviceVersion", "7"))),
            new DecisionRecord.Check("policy", "skipped", evidence(Map.of()))),
        new DecisionRecord.GrantFacts(
            new GrantId(ids.next()),
            List.of(new SegmentName("office"), new SegmentName("build")),
            clock.instant().plusSeconds(600)),
        user,
        1);
  }

  DecisionRecord refused(String... reasons) {
    var device = new DecisionRecord.DeviceFacts(new DeviceId(ids.next()), "laptop", 1);
    return refused(source("192.0.2.7"), device, certificate("CN=laptop"), List.of(reasons));
  }

  /** What a failed handshake leaves: no certificate that was proven. */
  DecisionRecord unproven(String address, String... reasons) {
    return refused(source(address), null, null, List.of(reasons));
  }

  DecisionRecord refused(
      SourceAddress source,
      DecisionRecord.DeviceFacts device,
      DecisionRecord.CertificateFacts certificate,
      List<String> reasons) {
    return new DecisionRecord(
        new DecisionId(ids.next()),
        clock.instant(),
        Door.HTTPS,
        source,
        null,
        Outcome.REFUSED,
        reasons,
        device,
        certificate,
        null,
        List.of(),
        null,
        null,
        1);
  }

  DecisionRecord.CertificateFacts certificate(String subject) {
    return new DecisionRecord.CertificateFacts(
        CertificateThumbprint.ofDer(ids.next().toString().getBytes(StandardCharsets.UTF_8)),
        "CN=Example CA",
        "0a1b",
        subject,
        List.of("dns:laptop-7.example.com", "email:zoe@example.com"),
        NOON.minusSeconds(3600),
        NOON.plusSeconds(3600));
  }

  static SourceAddress source(String address) {
    return new SourceAddress(InetAddress.ofLiteral(address), 50123);
  }

  /** A name for this test's records alone, so that tests share a table without cleaning it. */
  static String freshReplica() {
    return "test-" + new Uuids(Clock.systemUTC(), RANDOM).next();
  }

  private static LinkedHashMap<String, String> evidence(Map<String, String> evidence) {
    return new LinkedHashMap<>(evidence);
  }
}
