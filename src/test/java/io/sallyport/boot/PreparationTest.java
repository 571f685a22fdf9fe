package io.sallyport.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparationTest {

  private static final Clock NOON =
      Clock.fixed(Instant.parse("2026-05-04T12:00:00Z"), ZoneOffset.UTC);
  private static final String URL = "jdbc:postgresql://127.0.0.1:1/sallyport";

  /** A database is given, so that none is started; nothing connects to it here. */
  private static final Map<String, String> GIVEN_DATABASE =
      Map.of("quarkus.datasource.jdbc.url", URL, "quarkus.flyway.username", "sallyport_owner");

  @TempDir Path folder;

  @Test
  void refusesToMakeUpAnythingWithoutTheEmbeddedDatabaseAndNamesAllThatIsMissing() {
    assertThatThrownBy(() -> prepare(Map.of("sallyport.database.embedded", "false")))
        .isInstanceOf(RefusedToStart.class)
        .hasMessage(
            "with sallyport.database.embedded=false nothing secret is made up, and these are not set: "
                + "quarkus.datasource.jdbc.url, sallyport.master-key, sallyport.tls.certificate, "
                + "sallyport.tls.key, sallyport.authority.root, "
                + "sallyport.authority.issuing-certificate, sallyport.authority.issuing-key, "
                + "sallyport.audit.key, "
                + "sallyport.operator.initial-password, sallyport.pki.base-url. "
                + "Instead of the authority's PEM files a PKCS#12 file (sallyport.authority.keystore) "
                + "or a key in a PKCS#11 token (sallyport.authority.pkcs11.library) can be given. "
                + "docs/configuration.md says what each is.");
    assertThat(data()).doesNotExist();
  }

  @Test
  void takesABlankSettingForAMissingOne() {
    Map<String, String> settings = production();
    settings.put("sallyport.master-key", " ");

    assertThatThrownBy(() -> prepare(settings))
        .isInstanceOf(RefusedToStart.class)
        .hasMessageContaining("these are not set: sallyport.master-key.");
  }

  @Test
  void makesNoSecretWhereAllIsGiven() throws IOException {
    assertThat(prepare(production()))
        .containsEntry("quarkus.flyway.jdbc-url", URL)
        .containsEntry("quarkus.tls.admin.key-store.pem.0.cert", "/given/server.crt")
        .containsEntry("quarkus.tls.admin.key-store.pem.0.key", "/given/server.key");
    assertThat(filesUnder(data())).isEmpty();
  }

  @Test
  void refusesACertificateWithoutItsKeyAndAKeyWithoutItsCertificate() {
    for (String one : List.of("sallyport.tls.certificate", "sallyport.tls.key")) {
      Map<String, String> settings = new HashMap<>(GIVEN_DATABASE);
      settings.put(one, "/given/file.pem");

      assertThatThrownBy(() -> prepare(settings))
          .isInstanceOf(RefusedToStart.class)
          .hasMessage(
              "sallyport.tls.certificate and sallyport.tls.key go together; only one of them is set.");
    }
  }

  @Test
  void refusesAGivenAuthorityWithoutAGivenServerCertificate() {
    Map<String, String> settings = new HashMap<>(GIVEN_DATABASE);
    settings.put("sallyport.authority.root", "/given/root.crt");

    assertThatThrownBy(() -> prepare(settings))
        .isInstanceOf(RefusedToStart.class)
        .hasMessageStartingWith(
            "sallyport.authority.root is set but sallyport.tls.certificate is not");
  }

  @Test
  void takesAnAuthorityInAPkcs12FileOrInAToken() throws IOException {
    for (Map<String, String> authority :
        List.of(
            Map.of("keystore", "/given/ca.p12", "keystore-password-file", "/given/password"),
            Map.of(
                "root", "/given/root.crt",
                "pkcs11.library", "/given/pkcs11.so",
                "pkcs11.pin-file", "/given/pin",
                "pkcs11.key-label", "issuing"))) {
      Map<String, String> settings = production();
      settings.keySet().removeIf(key -> key.startsWith("sallyport.authority."));
      authority.forEach((key, value) -> settings.put("sallyport.authority." + key, value));

      prepare(settings);

      assertThat(filesUnder(data())).isEmpty();
    }
  }

  @Test
  void namesWhatAnAuthorityInATokenLacks() {
    Map<String, String> settings = production();
    settings.keySet().removeIf(key -> key.startsWith("sallyport.authority."));
    settings.put("sallyport.authority.pkcs11.slot", "0");
    settings.put("sallyport.authority.pkcs11.library", "/given/pkcs11.so");

    assertThatThrownBy(() -> prepare(settings))
        .isInstanceOf(RefusedToStart.class)
        .hasMessage(
            "with sallyport.database.embedded=false nothing secret is made up, and these are not set: "
                + "sallyport.authority.root, sallyport.authority.pkcs11.pin-file, "
                + "sallyport.authority.pkcs11.key-label. docs/configuration.md says what each is.");
  }

  @Test
  void refusesTwoIssuingKeys() {
    Map<String, String> settings = production();
    settings.put("sallyport.authority.keystore", "/given/ca.p12");

    assertThatThrownBy(() -> prepare(settings))
        .isInstanceOf(RefusedToStart.class)
        .hasMessageStartingWith(
            "sallyport.authority.issuing-certificate and sallyport.authority.keystore are both set");
  }

  @Test
  void refusesHalfOfAnAuthority() {
    Map<String, String> settings = new HashMap<>(GIVEN_DATABASE);
    settings.put("sallyport.tls.certificate", "/given/server.crt");
    settings.put("sallyport.tls.key", "/given/server.key");
    settings.put("sallyport.authority.keystore", "/given/ca.p12");

    assertThatThrownBy(() -> prepare(settings))
        .isInstanceOf(RefusedToStart.class)
        .hasMessage(
            "sallyport.authority.keystore is set, and an authority given so needs these too: "
                + "sallyport.authority.keystore-password-file.");
  }

  @Test
  void refusesAProfileThatCanNotBe() {
    Map<String, String> wrong =
        Map.of(
            "\"toaster\".lifetime",
                "sallyport.authority.profiles.\"toaster\": there is no such kind",
            "\"phone\".key-types",
                "sallyport.authority.profiles.\"phone\": a key type is one of P-256");
    wrong.forEach(
        (key, sentence) -> {
          Map<String, String> settings = new HashMap<>(GIVEN_DATABASE);
          settings.put(
              "sallyport.authority.profiles." + key, key.endsWith("lifetime") ? "30d" : "DSA");

          assertThatThrownBy(() -> prepare(settings))
              .isInstanceOf(RefusedToStart.class)
              .hasMessageStartingWith(sentence);
        });
  }

  @Test
  void rollsTheIssuingCaOverForALongerLifeAndPointsAtTheRoot() throws IOException {
    prepare(GIVEN_DATABASE);
    byte[] first = Files.readAllBytes(data().resolve("ca/issuing.crt"));
    Map<String, String> settings = new HashMap<>(GIVEN_DATABASE);
    settings.put("sallyport.authority.profiles.\"iot\".lifetime", "825d");
    prepare(settings);
    assertThat(data().resolve("ca/issuing.crt")).hasBinaryContent(first);

    var later = Clock.offset(NOON, java.time.Duration.ofDays(1001));
    prepare(settings, later);

    assertThat(data().resolve("ca/issuing-1.crt")).hasBinaryContent(first);
    assertThat(Files.readAllBytes(data().resolve("ca/issuing.crt"))).isNotEqualTo(first);
  }

  @Test
  void refusesADatabaseWithoutARoleThatOwnsIt() {
    assertThatThrownBy(() -> prepare(Map.of("quarkus.datasource.jdbc.url", URL)))
        .isInstanceOf(RefusedToStart.class)
        .hasMessageStartingWith(
            "quarkus.datasource.jdbc.url is set but quarkus.flyway.username is not.")
        .hasMessageContaining("deploy/postgres/roles.sql");
    assertThat(Path.of("deploy/postgres/roles.sql")).exists();
  }

  @Test
  void keepsWhatItMakesFromOtherUsers() throws IOException {
    prepare(GIVEN_DATABASE);

    assertThat(mode(data())).isEqualTo("rwx------");
    assertThat(filesUnder(data()).map(Path::toString))
        .anyMatch(file -> file.endsWith("ca/root.key"))
        .anyMatch(file -> file.endsWith("ca/issuing.key"))
        .anyMatch(file -> file.endsWith("tls/server.key"));
    assertThat(filesUnder(data()).filter(file -> file.toString().matches(".*\\.(key|crt)")))
        .allSatisfy(file -> assertThat(mode(file)).isEqualTo("rw-------"));
  }

  @Test
  void tightensADataFolderThatOthersMayRead() throws IOException {
    Files.createDirectory(
        data(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));

    prepare(GIVEN_DATABASE);

    assertThat(mode(data())).isEqualTo("rwx------");
  }

  @Test
  void makesNothingTwice() throws IOException {
    prepare(GIVEN_DATABASE);
    byte[] root = Files.readAllBytes(data().resolve("ca/root.crt"));
    byte[] server = Files.readAllBytes(data().resolve("tls/server.crt"));

    prepare(GIVEN_DATABASE);

    assertThat(data().resolve("ca/root.crt")).hasBinaryContent(root);
    assertThat(data().resolve("tls/server.crt")).hasBinaryContent(server);
  }

  private Map<String, String> production() {
    Map<String, String> settings = new HashMap<>(GIVEN_DATABASE);
    settings.put("sallyport.database.embedded", "false");
    settings.put("sallyport.master-key", "/given/master.key");
    settings.put("sallyport.tls.certificate", "/given/server.crt");
    settings.put("sallyport.tls.key", "/given/server.key");
    settings.put("sallyport.authority.root", "/given/root.crt");
    settings.put("sallyport.authority.issuing-certificate", "/given/issuing.crt");
    settings.put("sallyport.authority.issuing-key", "/given/issuing.key");
    settings.put("sallyport.audit.key", "/given/audit.key");
    settings.put("sallyport.operator.initial-password", "given, and long enough");
    settings.put("sallyport.pki.base-url", "http://pki.example.com");
    return settings;
  }

  private Map<String, String> prepare(Map<String, String> settings) {
    return prepare(settings, NOON);
  }

  private Map<String, String> prepare(Map<String, String> settings, Clock clock) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("sallyport.data", data().toString());
    var config =
        new SmallRyeConfigBuilder()
            .withSources(new PropertiesConfigSource(all, "test", 100))
            .build();
    return Preparation.of(config, clock, new SecureRandom()).prepare();
  }

  private Path data() {
    return folder.resolve("data");
  }

  private static Stream<Path> filesUnder(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).toList().stream();
    }
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
