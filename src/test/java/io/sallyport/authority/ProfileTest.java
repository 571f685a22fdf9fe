package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.DeviceKind;
import java.net.URI;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a kind of device gets, and what it is refused. */
class ProfileTest {

  private static final int URI_NAME = 6;
  private static final int DNS_NAME = 2;
  private static final int EMAIL_NAME = 1;

  private final FakeClock clock = new FakeClock(Instant.parse("2026-11-23T12:00:00Z"));
  private final SecureRandom random = new SecureRandom();
  private final DeviceId device = new DeviceId(UUID.randomUUID());

  @TempDir Path dir;
  private AuthorityMaterial authority;

  @BeforeEach
  void prepare() throws Exception {
    authority = DevelopmentAuthority.prepare(dir, clock, random, List.of("localhost"));
  }

  @Test
  void givesEachKindItsOwnLife() throws Exception {
    Profile switches = Profile.of(DeviceKind.NETWORK_ACCESS_SERVER, Duration.ofDays(365));

    assertThat(leaf(switches, "sw1", Optional.empty()).getNotAfter())
        .isEqualTo(Instant.parse("2027-11-23T12:00:00Z"));
    assertThat(
            issuer(switches)
                .issue(asked(DeviceKind.LAPTOP, "x", Optional.empty()))
                .leaf()
                .getNotAfter())
        .isEqualTo(Instant.parse("2026-12-23T12:00:00Z"));
  }

  @Test
  void recordsTheProfile() throws Exception {
    assertThat(
            issuer(Profile.of(DeviceKind.IOT, Duration.ofDays(1)))
                .issue(asked(DeviceKind.IOT, "x", Optional.empty()))
                .profile())
        .isEqualTo("iot");
  }

  @Test
  void refusesAKeyOfAnotherTypeAndNamesThoseThatAreTaken() throws Exception {
    var profile =
        new Profile(
            DeviceKind.LAPTOP,
            Duration.ofDays(30),
            Set.of(KeyType.P384, KeyType.P256),
            Set.of(KeyPurpose.CLIENT_AUTH),
            List.of(SanTemplate.parse("uri:urn:uuid:{deviceId}")));
    VerifiedCsr ed25519 = CsrReader.read(Csrs.der(Csrs.ed25519(), "Ed25519"));
    var request = new IssuanceRequest(device, "x", DeviceKind.LAPTOP, ed25519);

    assertThatThrownBy(() -> issuer(profile).issue(request))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> {
              assertThat(refused.problem().status()).isEqualTo(400);
              assertThat(refused.problem().errors())
                  .extracting(Problem.FieldError::message)
                  .containsExactly(
                      "a key of type Ed25519 is not taken for a device of this kind: use P-256, P-384");
            });
  }

  @Test
  void putsTheNamesOfTheRegistryIntoTheCertificate() throws Exception {
    Profile profile =
        named(
            "uri:urn:uuid:{deviceId}",
            "uri:https://id.example.com/{externalId}",
            "dns:{name}.devices.example.com",
            "email:{externalId}");

    assertThat(names(leaf(profile, "Web-1", Optional.of("ada@example.com"))))
        .containsExactlyInAnyOrder(
            List.of(URI_NAME, "urn:uuid:" + device),
            List.of(URI_NAME, "https://id.example.com/ada%40example.com"),
            List.of(DNS_NAME, "web-1.devices.example.com"),
            List.of(EMAIL_NAME, "ada@example.com"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Ada's laptop", "-x", "a..b", "*", "x\u0000y", "zoë", "10.0.0.1", "a/b"})
  void leavesOutANameThatDoesNotFit(String name) throws Exception {
    assertThat(names(leaf(named("uri:urn:uuid:{deviceId}", "dns:{name}"), name, Optional.empty())))
        .containsExactly(List.of(URI_NAME, "urn:uuid:" + device));
  }

  @Test
  void letsNoValueBecomeAPartOfAUri() throws Exception {
    assertThat(
            names(
                leaf(
                    named("uri:urn:uuid:{deviceId}", "uri:https://id.example.com/{externalId}/x"),
                    "x",
                    Optional.of("../../evil?a=b#c"))))
        .contains(List.of(URI_NAME, "https://id.example.com/..%2F..%2Fevil%3Fa%3Db%23c/x"));
  }

  @Test
  void issuesForServersToo() throws Exception {
    Profile profile =
        new Profile(
            DeviceKind.SERVER,
            Duration.ofDays(30),
            Set.of(KeyType.P256),
            Set.of(KeyPurpose.SERVER_AUTH, KeyPurpose.CLIENT_AUTH),
            List.of(SanTemplate.parse("uri:urn:uuid:{deviceId}")));

    assertThat(leaf(profile, "x", Optional.empty()).getExtendedKeyUsage())
        .containsExactlyInAnyOrder("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "urn:uuid:{deviceId} | begins with uri:, dns: or email:",
        "uri:urn:uuid:{device} | not for {device}",
        "dns:no spaces please | no device could have a name like",
        "dns:* | no device could have a name like",
        "email:nobody | no device could have a name like",
        "uri: | no device could have a name like",
        "'' | begins with uri:, dns: or email:"
      })
  void refusesATemplateThatMakesNoName(String template, String sentence) {
    assertThatThrownBy(() -> SanTemplate.parse(template))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(sentence);
  }

  @Test
  void refusesAProfileThatNoDoorWouldTake() {
    SanTemplate own = SanTemplate.parse("uri:urn:uuid:{deviceId}");
    Set<KeyType> keys = Set.of(KeyType.P256);
    Set<KeyPurpose> client = Set.of(KeyPurpose.CLIENT_AUTH);
    Duration month = Duration.ofDays(30);

    assertRefused(Duration.ofMinutes(4), keys, client, List.of(own), "between 5 minutes");
    assertRefused(Duration.ofDays(826), keys, client, List.of(own), "825 days");
    assertRefused(month, Set.of(), client, List.of(own), "one key type at least");
    assertRefused(month, keys, Set.of(KeyPurpose.SERVER_AUTH), List.of(own), "clientAuth");
    assertRefused(month, keys, client, List.of(), "{deviceId}");
    assertRefused(month, keys, client, List.of(SanTemplate.parse("dns:{name}")), "no two devices");
  }

  private static void assertRefused(
      Duration lifetime,
      Set<KeyType> keys,
      Set<KeyPurpose> purposes,
      List<SanTemplate> names,
      String sentence) {
    assertThatThrownBy(() -> new Profile(DeviceKind.LAPTOP, lifetime, keys, purposes, names))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(sentence);
  }

  private Profile named(String... templates) {
    return new Profile(
        DeviceKind.SERVER,
        Duration.ofDays(30),
        Set.of(KeyType.P256),
        Set.of(KeyPurpose.CLIENT_AUTH),
        Arrays.stream(templates).map(SanTemplate::parse).toList());
  }

  private X509Certificate leaf(Profile profile, String name, Optional<String> externalId)
      throws Exception {
    return issuer(profile).issue(asked(profile.kind(), name, externalId)).leaf();
  }

  private IssuanceRequest asked(DeviceKind kind, String name, Optional<String> externalId)
      throws Exception {
    return new IssuanceRequest(device, name, externalId, kind, Csrs.verified(Csrs.p256()));
  }

  private CertificateIssuer issuer(Profile changed) {
    var profiles =
        new Profiles(
            Arrays.stream(DeviceKind.values())
                .map(
                    kind ->
                        kind == changed.kind() ? changed : Profile.of(kind, Duration.ofDays(30)))
                .toList());
    return new CertificateIssuer(
        authority,
        new AuthoritySettings(
            URI.create("http://pki.example.com:8080"), profiles, Duration.ofHours(24), 1),
        clock,
        random);
  }

  private static List<List<?>> names(X509Certificate certificate) throws Exception {
    return List.copyOf(certificate.getSubjectAlternativeNames());
  }
}
