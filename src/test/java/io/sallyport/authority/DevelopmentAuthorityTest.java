package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevelopmentAuthorityTest {

  private static final List<String> NAMES = List.of("localhost", "127.0.0.1", "::1");
  private static final List<String> FILES =
      List.of(
          "ca/root.key",
          "ca/root.crt",
          "ca/issuing.key",
          "ca/issuing.crt",
          "tls/server.key",
          "tls/server.crt");

  private final FakeClock clock = new FakeClock(Instant.parse("2026-11-23T12:00:00Z"));
  private final SecureRandom random = new SecureRandom();

  @TempDir Path dir;

  @Test
  void makesEveryFileForThisAccountOnly() throws Exception {
    prepare(NAMES);

    for (String file : FILES) {
      assertThat(permissions(file)).as(file).isEqualTo("rw-------");
    }
    assertThat(permissions("ca")).isEqualTo("rwx------");
    assertThat(permissions("tls")).isEqualTo("rwx------");
  }

  @Test
  void takesWhatIsThereOnTheNextStart() throws Exception {
    prepare(NAMES);
    Map<String, String> before = contents();

    prepare(NAMES);

    assertThat(contents()).isEqualTo(before);
  }

  @Test
  void takesBackWhatOthersWereAllowed() throws Exception {
    prepare(NAMES);
    Files.setPosixFilePermissions(
        dir.resolve("ca/issuing.key"), PosixFilePermissions.fromString("rw-r--r--"));

    prepare(NAMES);

    assertThat(permissions("ca/issuing.key")).isEqualTo("rw-------");
  }

  @Test
  void finishesAStartKilledAfterAnyFile() throws Exception {
    prepare(NAMES);
    Map<String, String> whole = contents();
    for (int kept = 0; kept < FILES.size(); kept++) {
      for (int i = 0; i < FILES.size(); i++) {
        Path file = dir.resolve(FILES.get(i));
        if (i < kept) {
          Files.writeString(file, whole.get(FILES.get(i)));
        } else {
          Files.deleteIfExists(file);
        }
      }
      Files.write(dir.resolve("ca/.new-123"), new byte[] {1, 2, 3});

      AuthorityMaterial material = prepare(NAMES);

      assertThat(dir.resolve("ca/.new-123")).doesNotExist();
      assertThat(serverVerifies(material)).as("killed after %d files", kept).isTrue();
      if (kept >= 2) {
        assertThat(Files.readString(dir.resolve("ca/root.crt")))
            .isEqualTo(whole.get("ca/root.crt"));
      }
    }
  }

  @Test
  void refusesToReplaceARootThatSomethingDependsOn() throws Exception {
    prepare(NAMES);
    Files.delete(dir.resolve("ca/root.crt"));

    assertThatThrownBy(() -> prepare(NAMES))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("root.crt is missing");
  }

  @Test
  void issuesWithoutTheRootKey() throws Exception {
    AuthorityMaterial before = prepare(NAMES);
    Files.delete(dir.resolve("ca/root.key"));

    assertThat(prepare(NAMES).rootSha256()).isEqualTo(before.rootSha256());
  }

  @Test
  void namesTheServerAsAskedAndSendsNoRoot() throws Exception {
    AuthorityMaterial material = prepare(NAMES);

    List<X509Certificate> chain = serverChain();
    assertThat(chain).hasSize(2);
    assertThat(chain.get(1)).isEqualTo(material.current().certificate());
    assertThat(chain.getFirst().getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
    assertThat(chain.getFirst().getSubjectAlternativeNames())
        .extracting(name -> (String) name.get(1))
        .containsExactlyInAnyOrder("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1");
  }

  @Test
  void keepsTheServerCertificateUntilAThirdOfItsLifeIsLeft() throws Exception {
    prepare(NAMES);
    X509Certificate first = serverChain().getFirst();
    clock.advance(Duration.ofDays(59));
    prepare(NAMES);
    assertThat(serverChain().getFirst()).isEqualTo(first);

    clock.advance(Duration.ofDays(2));
    prepare(NAMES);

    assertThat(serverChain().getFirst()).isNotEqualTo(first);
    assertThat(serverChain().getFirst().getPublicKey()).isEqualTo(first.getPublicKey());
  }

  @Test
  void renewsTheServerCertificateWhenItsNamesChange() throws Exception {
    prepare(NAMES);

    prepare(List.of("door.example.com"));

    assertThat(serverChain().getFirst().getSubjectAlternativeNames())
        .extracting(name -> (String) name.get(1))
        .containsExactly("door.example.com");
  }

  @Test
  void replacesAServerKeyThatItsCertificateDoesNotName() throws Exception {
    AuthorityMaterial material = prepare(NAMES);
    Files.write(dir.resolve("tls/server.key"), Pem.of(Csrs.p256().getPrivate()));

    prepare(NAMES);

    assertThat(serverVerifies(material)).isTrue();
  }

  @Test
  void givesNoTwoCasOneName(@TempDir Path other) throws Exception {
    AuthorityMaterial one = prepare(NAMES);
    AuthorityMaterial two = DevelopmentAuthority.prepare(other, clock, random, NAMES);

    assertThat(
            List.of(
                one.root().getSubjectX500Principal(),
                one.current().certificate().getSubjectX500Principal(),
                two.root().getSubjectX500Principal(),
                two.current().certificate().getSubjectX500Principal()))
        .doesNotHaveDuplicates();
  }

  @Test
  void makesAChainThatOpenSslAccepts() throws Exception {
    prepare(NAMES);

    assertThat(
            OpenSsl.run(
                    "verify",
                    "-x509_strict",
                    "-purpose",
                    "sslserver",
                    "-attime",
                    String.valueOf(clock.instant().getEpochSecond()),
                    "-CAfile",
                    dir.resolve("ca/root.crt").toString(),
                    "-untrusted",
                    dir.resolve("ca/issuing.crt").toString(),
                    "-verify_ip",
                    "127.0.0.1",
                    dir.resolve("tls/server.crt").toString())
                .exit())
        .isZero();
  }

  @Test
  void refusesANameThatIsNone() {
    assertThatThrownBy(() -> prepare(List.of("no spaces please")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no spaces please");
  }

  @Test
  void rollsOverWhenACertificateOfTodayWouldOutliveTheIssuingCa() throws Exception {
    AuthorityMaterial first = prepareFor(Duration.ofDays(30));
    clock.advance(Duration.ofDays(1825 - 31));
    assertThat(prepareFor(Duration.ofDays(30)).current().id()).isEqualTo(first.current().id());
    clock.advance(Duration.ofDays(2));

    AuthorityMaterial second = prepareFor(Duration.ofDays(30));

    assertThat(second.current().id()).isNotEqualTo(first.current().id());
    assertThat(second.issuing()).extracting(IssuingCa::id).contains(first.current().id());
    assertThat(second.caCertificates())
        .containsExactly(
            first.root(), second.current().certificate(), first.current().certificate());
    assertThat(permissions("ca/issuing-1.key")).isEqualTo("rw-------");
    // The server certificate goes with the CA that issues.
    Pem.certificates(Files.readAllBytes(dir.resolve("tls/server.crt")))
        .getFirst()
        .verify(second.current().certificate().getPublicKey());
  }

  @Test
  void keepsEveryGeneration() throws Exception {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      ids.addFirst(prepareFor(Duration.ofDays(30)).current().id());
      // The root lives for two generations and one that ends with it.
      clock.advance(Duration.ofDays(1800));
    }

    assertThat(prepareFor(Duration.ofDays(30)).issuing())
        .extracting(IssuingCa::id)
        .containsExactlyElementsOf(ids);
  }

  @Test
  void goesOnWithARollOverKilledAfterAnyFile() throws Exception {
    AuthorityMaterial first = prepareFor(Duration.ofDays(30));
    clock.advance(Duration.ofDays(1800));
    List<String> written =
        List.of("ca/issuing-1.key", "ca/issuing-1.crt", "ca/issuing.key", "ca/issuing.crt");
    Map<String, String> before = contents();
    prepareFor(Duration.ofDays(30));
    Map<String, String> after = contents();
    for (String file : List.of("ca/issuing-1.key", "ca/issuing-1.crt")) {
      after.put(file, Files.readString(dir.resolve(file)));
    }

    for (int done = 0; done <= written.size(); done++) {
      for (int i = 0; i < written.size(); i++) {
        Path file = dir.resolve(written.get(i));
        String content = (i < done ? after : before).get(written.get(i));
        if (content == null) {
          Files.deleteIfExists(file);
        } else {
          Files.writeString(file, content);
        }
      }

      AuthorityMaterial second = prepareFor(Duration.ofDays(30));

      assertThat(second.issuing()).as("%s files written", done).hasSize(2);
      assertThat(second.issuing().getLast().id()).isEqualTo(first.current().id());
      assertThat(dir.resolve("ca/issuing-2.crt")).doesNotExist();
    }
  }

  @Test
  void doesNotRollOverWithoutTheRootsKey() throws Exception {
    AuthorityMaterial first = prepareFor(Duration.ofDays(30));
    Files.delete(dir.resolve("ca/root.key"));
    clock.advance(Duration.ofDays(1810));

    assertThat(prepareFor(Duration.ofDays(30)).current().id()).isEqualTo(first.current().id());
  }

  @Test
  void honoursAnEarlierCaWhoseKeyIsGone() throws Exception {
    AuthorityMaterial first = prepareFor(Duration.ofDays(30));
    clock.advance(Duration.ofDays(1810));
    prepareFor(Duration.ofDays(30));
    Files.delete(dir.resolve("ca/issuing-1.key"));

    AuthorityMaterial second = prepareFor(Duration.ofDays(30));

    assertThat(second.issuing()).hasSize(1);
    assertThat(second.keyless()).containsExactly(first.current().certificate());
    assertThat(second.caCertificates()).contains(first.current().certificate());
  }

  @Test
  void pointsFromTheIssuingCertificateAtTheRoots() throws Exception {
    AuthorityMaterial material = prepareFor(Duration.ofDays(30));

    String text =
        OpenSsl.run("x509", "-in", dir.resolve("ca/issuing.crt").toString(), "-noout", "-text")
            .output();

    assertThat(text)
        .contains(
            "CA Issuers - URI:http://pki.example.com/pki/"
                + IssuingCa.idOf(material.root())
                + ".cer")
        .doesNotContain("CRL Distribution Points");
  }

  private AuthorityMaterial prepareFor(Duration longestLife) throws Exception {
    return DevelopmentAuthority.prepare(
        dir,
        clock,
        random,
        NAMES,
        new AuthoritySettings(
            URI.create("http://pki.example.com"), longestLife, Duration.ofHours(24)));
  }

  private AuthorityMaterial prepare(List<String> names) throws Exception {
    return DevelopmentAuthority.prepare(dir, clock, random, names);
  }

  private List<X509Certificate> serverChain() throws Exception {
    return Pem.certificates(Files.readAllBytes(dir.resolve("tls/server.crt")));
  }

  private boolean serverVerifies(AuthorityMaterial material) throws Exception {
    X509Certificate server = serverChain().getFirst();
    server.verify(material.current().certificate().getPublicKey());
    material.current().certificate().verify(material.root().getPublicKey());
    var key = Pem.privateKey(Files.readAllBytes(dir.resolve("tls/server.key")));
    return CertificateParts.belongTogether(server.getPublicKey(), key);
  }

  private Map<String, String> contents() throws Exception {
    var contents = new HashMap<String, String>();
    for (String file : FILES) {
      contents.put(file, Files.readString(dir.resolve(file)));
    }
    return contents;
  }

  private String permissions(String file) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(dir.resolve(file)));
  }
}
