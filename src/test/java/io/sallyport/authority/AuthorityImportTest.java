package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.authority.AuthorityImport.Previous;
import io.sallyport.authority.AuthorityImport.Source;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An authority that a company brings along, in files. */
class AuthorityImportTest {

  private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");
  private static final String PASSWORD = "correct horse battery staple";

  @TempDir Path dir;

  private TestCa root;
  private KeyPair keys;
  private X509Certificate issuing;
  private KeyPair olderKeys;
  private X509Certificate older;

  @BeforeEach
  void prepare() throws Exception {
    root = TestCa.root(NOW);
    keys = Csrs.rsa(3072);
    issuing = root.issuing(keys.getPublic(), "Issuing 2", NOW, 365);
    olderKeys = Csrs.ec("secp384r1");
    older = root.issuing(olderKeys.getPublic(), "Issuing 1", NOW, 20);
    file("root.crt", Pem.of(root.certificate));
    file("older.crt", Pem.of(older));
    file("password", (PASSWORD + "\n").getBytes());
  }

  @Test
  void readsThePkcs12FileThatOpensslMakes() throws Exception {
    file("issuing.crt", Pem.of(issuing));
    file("issuing.key", Pem.of(keys.getPrivate()));
    var made =
        OpenSsl.run(
            "pkcs12",
            "-export",
            "-inkey",
            dir.resolve("issuing.key").toString(),
            "-in",
            dir.resolve("issuing.crt").toString(),
            "-certfile",
            dir.resolve("root.crt").toString(),
            "-name",
            "issuing",
            "-passout",
            "file:" + dir.resolve("password"),
            "-out",
            dir.resolve("ca.p12").toString());
    assertThat(made.exit()).as(made.output()).isZero();

    AuthorityMaterial material = keystore(Optional.empty(), Optional.empty(), List.of()).load();

    assertThat(material.root()).isEqualTo(root.certificate);
    assertThat(material.current().certificate()).isEqualTo(issuing);
  }

  @Test
  void takesTheRootOfAFileWhereTheChainEndsBeforeIt() throws Exception {
    pkcs12("issuing", keys.getPrivate(), issuing);

    assertThatThrownBy(() -> keystore(Optional.empty(), Optional.empty(), List.of()).load())
        .hasMessageContaining("the chain of issuing does not end at a root");
    assertThat(
            keystore(Optional.of(dir.resolve("root.crt")), Optional.empty(), List.of())
                .load()
                .root())
        .isEqualTo(root.certificate);
  }

  @Test
  void asksWhichOfSeveralKeysIssues() throws Exception {
    pkcs12Of(
        store -> {
          store.setKeyEntry("new", keys.getPrivate(), PASSWORD.toCharArray(), chain(issuing));
          store.setKeyEntry("old", olderKeys.getPrivate(), PASSWORD.toCharArray(), chain(older));
        });

    assertThatThrownBy(() -> keystore(Optional.empty(), Optional.empty(), List.of()).load())
        .hasMessageEndingWith("holds several private keys, so say which one issues: [new, old]");

    AuthorityMaterial both =
        keystore(
                Optional.empty(),
                Optional.of("new"),
                List.of(
                    new Previous(dir.resolve("older.crt"), Optional.empty(), Optional.of("old"))))
            .load();
    assertThat(both.issuing()).extracting(IssuingCa::certificate).containsExactly(issuing, older);
  }

  @Test
  void honoursAnEarlierCaWithItsKeyAndOneWithout() throws Exception {
    pkcs12("issuing", keys.getPrivate(), issuing);
    file("older.key", Pem.of(olderKeys.getPrivate()));
    Optional<Path> rootFile = Optional.of(dir.resolve("root.crt"));
    Path certificate = dir.resolve("older.crt");

    AuthorityMaterial with =
        keystore(
                rootFile,
                Optional.empty(),
                List.of(
                    new Previous(
                        certificate, Optional.of(dir.resolve("older.key")), Optional.empty())))
            .load();
    AuthorityMaterial without =
        keystore(
                rootFile,
                Optional.empty(),
                List.of(new Previous(certificate, Optional.empty(), Optional.empty())))
            .load();

    assertThat(with.issuing()).hasSize(2);
    assertThat(with.keyless()).isEmpty();
    assertThat(without.issuing()).hasSize(1);
    assertThat(without.keyless()).containsExactly(older);
    assertThat(with.caCertificates())
        .isEqualTo(without.caCertificates())
        .containsExactly(root.certificate, issuing, older);
  }

  @Test
  void refusesAnEarlierCaOfAnotherRootAndOneThatSharesItsName() throws Exception {
    pkcs12("issuing", keys.getPrivate(), issuing);
    TestCa other = TestCa.root(NOW);
    file("older.crt", Pem.of(other.issuing(olderKeys.getPublic(), "Issuing 1", NOW, 20)));
    var previous =
        List.of(new Previous(dir.resolve("older.crt"), Optional.empty(), Optional.empty()));
    Optional<Path> rootFile = Optional.of(dir.resolve("root.crt"));
    assertThatThrownBy(() -> keystore(rootFile, Optional.empty(), previous).load())
        .hasMessageContaining("older.crt: the issuing certificate names another issuer");

    file("older.crt", Pem.of(root.issuing(olderKeys.getPublic(), "Issuing 2", NOW, 20)));
    assertThatThrownBy(() -> keystore(rootFile, Optional.empty(), previous).load())
        .hasMessageContaining("two CA keys share the name CN=Issuing 2");
  }

  @Test
  void saysWhatIsWrongWithAFileAndNeverItsPassword() throws Exception {
    pkcs12("issuing", keys.getPrivate(), issuing);
    file("password", "wrong secret".getBytes());
    assertThatThrownBy(() -> keystore(Optional.empty(), Optional.empty(), List.of()).load())
        .hasMessage(
            dir.resolve("ca.p12")
                + ": the password in "
                + dir.resolve("password")
                + " does not open it");

    file("password", "\n".getBytes());
    assertThatThrownBy(() -> keystore(Optional.empty(), Optional.empty(), List.of()).load())
        .hasMessageContaining("password: is empty");

    file("password", PASSWORD.getBytes());
    assertThatThrownBy(() -> keystore(Optional.empty(), Optional.of("other"), List.of()).load())
        .hasMessageContaining("holds no private key other");

    file("ca.p12", "no PKCS#12".getBytes());
    assertThatThrownBy(() -> keystore(Optional.empty(), Optional.empty(), List.of()).load())
        .hasMessageContaining("ca.p12: is no PKCS#12 file");
  }

  private AuthorityImport keystore(
      Optional<Path> rootFile, Optional<String> alias, List<Previous> previous) {
    return new AuthorityImport(
        rootFile,
        new Source.Keystore(dir.resolve("ca.p12"), dir.resolve("password"), alias),
        previous);
  }

  private Certificate[] chain(X509Certificate certificate) {
    return new Certificate[] {certificate, root.certificate};
  }

  private void pkcs12(String alias, PrivateKey key, X509Certificate certificate) throws Exception {
    pkcs12Of(
        store ->
            store.setKeyEntry(alias, key, PASSWORD.toCharArray(), new Certificate[] {certificate}));
  }

  private interface Filling {
    void of(KeyStore store) throws Exception;
  }

  private void pkcs12Of(Filling filling) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    filling.of(store);
    try (OutputStream out = Files.newOutputStream(dir.resolve("ca.p12"))) {
      store.store(out, PASSWORD.toCharArray());
    }
  }

  private void file(String name, byte[] content) throws Exception {
    Files.write(dir.resolve(name), content);
  }
}
