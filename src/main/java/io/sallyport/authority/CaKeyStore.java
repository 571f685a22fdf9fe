package io.sallyport.authority;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.UnrecoverableKeyException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** CA keys under names, each with its certificate: a PKCS#12 file or a token. */
final class CaKeyStore {

  private final String where;
  private final KeyStore store;
  private final char[] password;

  /**
   * @param where how errors call it
   * @param password for its keys; null in a token, which is logged into as a whole
   */
  CaKeyStore(String where, KeyStore store, char[] password) {
    this.where = where;
    this.store = store;
    this.password = password;
  }

  /**
   * Opens a PKCS#12 file.
   *
   * @throws IllegalArgumentException naming the file and what is wrong; never the password
   */
  static CaKeyStore pkcs12(Path file, Path passwordFile) {
    char[] password = AuthorityMaterial.read(passwordFile, CaKeyStore::line);
    byte[] content = AuthorityMaterial.read(file, bytes -> bytes);
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(new ByteArrayInputStream(content), password);
      return new CaKeyStore(file.toString(), store, password);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          e.getCause() instanceof UnrecoverableKeyException
              ? file + ": the password in " + passwordFile + " does not open it"
              : file + ": is no PKCS#12 file");
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          file + ": can't be opened (" + e.getClass().getSimpleName() + ")");
    }
  }

  /** The first line of a file that holds a password or a PIN. */
  static char[] line(byte[] content) {
    CharBuffer text = StandardCharsets.UTF_8.decode(java.nio.ByteBuffer.wrap(content));
    int end = 0;
    while (end < text.length() && text.charAt(end) != '\n' && text.charAt(end) != '\r') {
      end++;
    }
    if (end == 0) {
      throw new IllegalArgumentException("is empty: it must hold one line");
    }
    char[] line = new char[end];
    text.get(line);
    Arrays.fill(text.array(), '\0');
    return line;
  }

  /**
   * The name of the one key that is in it.
   *
   * @throws IllegalArgumentException if there is none, or more than one
   */
  String onlyAlias() {
    List<String> keys = keyAliases();
    if (keys.size() != 1) {
      throw new IllegalArgumentException(
          where
              + (keys.isEmpty()
                  ? ": holds no private key"
                  : ": holds several private keys, so say which one issues: " + keys));
    }
    return keys.getFirst();
  }

  /**
   * A key and its certificate.
   *
   * @throws IllegalArgumentException if there is none of this name, or they are no pair
   */
  IssuingCa issuingCa(String alias) {
    PrivateKey key = key(alias);
    X509Certificate certificate = chain(alias).getFirst();
    if (!CertificateParts.belongTogether(certificate.getPublicKey(), key)) {
      throw new IllegalArgumentException(
          where + ": the private key " + alias + " does not belong to the certificate beside it");
    }
    return new IssuingCa(certificate, key);
  }

  /**
   * The private key of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  PrivateKey key(String alias) {
    try {
      if (store.getKey(alias, password) instanceof PrivateKey key) {
        return key;
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          where + ": the key " + alias + " can't be read (" + e.getClass().getSimpleName() + ")");
    }
    throw new IllegalArgumentException(
        where
            + ": holds no private key "
            + alias
            + " with a certificate beside it; it has "
            + keyAliases());
  }

  /**
   * The self-signed certificate at the end of the chain of {@code alias}.
   *
   * @throws IllegalArgumentException if the chain ends before it
   */
  X509Certificate root(String alias) {
    key(alias);
    X509Certificate last = chain(alias).getLast();
    if (!last.getSubjectX500Principal().equals(last.getIssuerX500Principal())) {
      throw new IllegalArgumentException(
          where
              + ": the chain of "
              + alias
              + " does not end at a root; give the root certificate as a file of its own");
    }
    return last;
  }

  private List<X509Certificate> chain(String alias) {
    try {
      var chain = new ArrayList<X509Certificate>();
      Certificate[] held = store.getCertificateChain(alias);
      for (Certificate each : held == null ? new Certificate[0] : held) {
        chain.add(Pem.certificate(each.getEncoded()));
      }
      if (chain.isEmpty()) {
        throw new IllegalArgumentException(where + ": there is no certificate beside " + alias);
      }
      return chain;
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException(
          where + ": the certificate of " + alias + " can't be read");
    }
  }

  private List<String> keyAliases() {
    try {
      var keys = new ArrayList<String>();
      for (String alias : Collections.list(store.aliases())) {
        if (store.isKeyEntry(alias)) {
          keys.add(alias);
        }
      }
      Collections.sort(keys);
      return keys;
    } catch (KeyStoreException e) {
      throw new IllegalStateException("an opened key store can be listed", e);
    }
  }

  @Override
  public String toString() {
    return where;
  }
}
