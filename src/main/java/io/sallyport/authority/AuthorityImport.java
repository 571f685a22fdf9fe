package io.sallyport.authority;

import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Where an authority's certificates and keys are to be had.
 *
 * @param root PEM file of the root certificate; may be left out only where the issuing CA comes
 *     from a PKCS#12 file that holds the root too
 * @param issuing the CA that issues
 * @param previous CAs that issue no more and whose certificates are honoured
 */
public record AuthorityImport(Optional<Path> root, Source issuing, List<Previous> previous) {

  public AuthorityImport {
    Objects.requireNonNull(root, "root");
    Objects.requireNonNull(issuing, "issuing");
    previous = List.copyOf(previous);
  }

  /** Where the issuing CA's key is. */
  public sealed interface Source {

    /** Two PEM files; the key is PKCS#8 and not encrypted. */
    record PemFiles(Path certificate, Path key) implements Source {}

    /**
     * A PKCS#12 file.
     *
     * @param passwordFile holds the password in one line
     * @param alias the entry; may be left out where the file holds one key only
     */
    record Keystore(Path file, Path passwordFile, Optional<String> alias) implements Source {}

    /**
     * A key that stays in a token, with its certificate beside it under the same {@code CKA_ID}.
     *
     * @param label the {@code CKA_LABEL} of key and certificate
     */
    record Token(Pkcs11Token token, String label) implements Source {}
  }

  /**
   * A CA of an earlier generation.
   *
   * @param certificate PEM file
   * @param key PEM file of its key
   * @param alias or the key's alias in the PKCS#12 file or its label in the token of the issuing
   *     CA. With neither, its certificates are honoured and its CRL is signed here no more
   */
  public record Previous(Path certificate, Optional<Path> key, Optional<String> alias) {

    public Previous {
      Objects.requireNonNull(certificate, "certificate");
      if (key.isPresent() && alias.isPresent()) {
        throw new IllegalArgumentException(
            certificate + ": its key is in a file or in the key store, not in both");
      }
    }
  }

  /**
   * Reads it all. A token is logged into and stays so, for as long as this process lives.
   *
   * @throws IllegalArgumentException naming the file or label and what is wrong with it; no message
   *     holds key material, a password or a PIN
   */
  public AuthorityMaterial load() {
    return switch (issuing) {
      case Source.PemFiles pem -> {
        X509Certificate certificate = certificate(pem.certificate());
        PrivateKey key = AuthorityMaterial.read(pem.key(), Pem::privateKey);
        requirePair(certificate, key, pem.key(), pem.certificate());
        yield assembled(
            givenRoot(),
            new IssuingCa(certificate, key),
            pem.certificate().toString(),
            Optional.empty());
      }
      case Source.Keystore file -> {
        CaKeyStore store = CaKeyStore.pkcs12(file.file(), file.passwordFile());
        String alias = file.alias().orElseGet(store::onlyAlias);
        yield assembled(
            root.isPresent() ? givenRoot() : store.root(alias),
            store.issuingCa(alias),
            store.toString(),
            Optional.of(store));
      }
      case Source.Token(Pkcs11Token token, String label) -> {
        CaKeyStore store = token.open();
        IssuingCa current = store.issuingCa(label);
        token.stayLoggedIn(current);
        yield assembled(givenRoot(), current, store.toString(), Optional.of(store));
      }
    };
  }

  private AuthorityMaterial assembled(
      X509Certificate rootCertificate,
      IssuingCa current,
      String where,
      Optional<CaKeyStore> store) {
    var issuers = new ArrayList<IssuingCa>();
    issuers.add(current);
    var keyless = new ArrayList<X509Certificate>();
    for (Previous earlier : previous) {
      X509Certificate certificate = certificate(earlier.certificate());
      Optional<PrivateKey> key = key(earlier, store);
      if (key.isPresent()) {
        issuers.add(new IssuingCa(certificate, key.get()));
      } else {
        keyless.add(certificate);
      }
    }
    try {
      return new AuthorityMaterial(rootCertificate, issuers, keyless);
    } catch (IllegalArgumentException e) {
      String files = root.map(file -> file + ", ").orElse("") + where;
      for (Previous earlier : previous) {
        files += ", " + earlier.certificate();
      }
      throw new IllegalArgumentException(files + ": " + e.getMessage());
    }
  }

  private static Optional<PrivateKey> key(Previous earlier, Optional<CaKeyStore> store) {
    if (earlier.key().isPresent()) {
      Path file = earlier.key().get();
      PrivateKey key = AuthorityMaterial.read(file, Pem::privateKey);
      requirePair(certificate(earlier.certificate()), key, file, earlier.certificate());
      return Optional.of(key);
    }
    if (earlier.alias().isEmpty()) {
      return Optional.empty();
    }
    String alias = earlier.alias().get();
    PrivateKey key =
        store
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        earlier.certificate()
                            + ": its key can't be "
                            + alias
                            + " of a key store, since the issuing CA's key is in none"))
            .key(alias);
    if (!CertificateParts.belongTogether(certificate(earlier.certificate()).getPublicKey(), key)) {
      throw new IllegalArgumentException(
          store.get()
              + ": the key "
              + alias
              + " does not belong to the certificate in "
              + earlier.certificate());
    }
    return Optional.of(key);
  }

  private X509Certificate givenRoot() {
    return certificate(
        root.orElseThrow(() -> new IllegalArgumentException("the root certificate is not given")));
  }

  private static void requirePair(
      X509Certificate certificate, PrivateKey key, Path keyFile, Path certificateFile) {
    if (!CertificateParts.belongTogether(certificate.getPublicKey(), key)) {
      throw new IllegalArgumentException(
          keyFile + ": the private key does not belong to the certificate in " + certificateFile);
    }
  }

  private static X509Certificate certificate(Path file) {
    return AuthorityMaterial.read(file, Pem::certificates).getFirst();
  }
}
