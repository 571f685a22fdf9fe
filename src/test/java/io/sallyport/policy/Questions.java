package io.sallyport.policy;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.UserFacts;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Questions to ask a policy: an active laptop in an office, and variations of it. */
final class Questions {

  static final Instant NOW = Instant.parse("2026-11-24T09:30:00Z");

  private String state = "active";
  private List<SegmentName> segments = List.of(new SegmentName("corp"));
  private Map<String, String> labels = Map.of("site", "berlin");
  private final Map<String, PostureFact> posture = new HashMap<>();
  private String address = "10.1.2.3";
  private UserFacts user;

  static Questions laptop() {
    return new Questions();
  }

  Questions state(String state) {
    this.state = state;
    return this;
  }

  Questions segments(String... names) {
    this.segments = List.of(names).stream().map(SegmentName::new).toList();
    return this;
  }

  Questions labels(Map<String, String> labels) {
    this.labels = labels;
    return this;
  }

  Questions fact(String name, Object value) {
    posture.put(
        name,
        new PostureFact(
            value, "intune", NOW.minus(Duration.ofHours(1)), NOW.plus(Duration.ofHours(23))));
    return this;
  }

  Questions from(String address) {
    this.address = address;
    return this;
  }

  Questions user(String... groups) {
    this.user =
        new UserFacts(
            "https://idp.example.com",
            "u-17",
            "Ada Example",
            "ada@example.com",
            List.of(groups),
            NOW.minus(Duration.ofMinutes(5)));
    return this;
  }

  PolicyQuestion ask() {
    return new PolicyQuestion(
        new PolicyQuestion.Device(
            DeviceId.parse("01a209dd-0688-7082-92c6-87d6c6857346"),
            "ada-laptop",
            "ada@example.com",
            "laptop",
            state,
            segments,
            labels,
            "hr-4711"),
        new PolicyQuestion.Certificate(
            CertificateThumbprint.ofBytes(new byte[32]),
            "CN=Example Issuing",
            "1a2b",
            "CN=ada-laptop",
            List.of("dns:ada-laptop.example.com"),
            NOW.minus(Duration.ofDays(10)),
            NOW.plus(Duration.ofDays(20)),
            "hardware",
            "issued"),
        posture,
        Door.HTTPS,
        new SourceAddress(InetAddress.ofLiteral(address), 50_000),
        Optional.ofNullable(user),
        NOW);
  }
}
