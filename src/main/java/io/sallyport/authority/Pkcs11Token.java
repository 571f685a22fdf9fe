package io.sallyport.authority;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidParameterException;
import java.security.KeyStore;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Security;
import java.security.Signature;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.security.auth.login.FailedLoginException;

/**
 * A token that keeps keys (an HSM), reached by PKCS#11 through the JDK's own provider. Private keys
 * are used in it and never leave it.
 *
 * @param library the PKCS#11 module of the token's vendor
 * @param slot the slot's number, decimal or hexadecimal after {@code 0x}; the first slot where
 *     empty
 * @param pinFile holds the user PIN in one line
 */
public record Pkcs11Token(Path library, Optional<String> slot, Path pinFile) {

  private static final String PROVIDER = "SunPKCS11";
  private static final Map<Pkcs11Token, Signature> HELD = new ConcurrentHashMap<>();

  public Pkcs11Token {
    Objects.requireNonNull(library, "library");
    Objects.requireNonNull(pinFile, "pinFile");
    if (slot.isPresent() && !slot.get().matches("[0-9]{1,10}|0x[0-9A-Fa-f]{1,8}")) {
      throw new IllegalArgumentException(
          "a PKCS#11 slot is a number like 0, 1234 or 0x4d2, not " + slot.get());
    }
    // It becomes part of a configuration with a syntax of its own.
    if (!library.toString().matches("[^\"\\\\\\p{Cntrl}]+")) {
      throw new IllegalArgumentException(
          "the path of a PKCS#11 library holds no quotes, backslashes or control characters");
    }
  }

  /**
   * Logs in. The provider is added to the JDK's list, at its end, since only a listed one is asked
   * to sign with the keys it made; it is added once however often this is called.
   *
   * @throws IllegalArgumentException saying what is wrong; never the PIN
   */
  CaKeyStore open() {
    if (!Files.exists(library)) {
      throw new IllegalArgumentException(library + ": there is no such file");
    }
    char[] pin = AuthorityMaterial.read(pinFile, CaKeyStore::line);
    try {
      KeyStore store = KeyStore.getInstance("PKCS11", provider());
      store.load(null, pin);
      return new CaKeyStore(toString(), store, null);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          e.getCause() instanceof FailedLoginException
              ? toString() + ": the PIN in " + pinFile + " is refused"
              : toString() + ": can't be logged into (" + reason(e) + ")");
    } catch (GeneralSecurityException | ProviderException e) {
      throw new IllegalArgumentException(toString() + ": can't be opened (" + reason(e) + ")");
    } finally {
      Arrays.fill(pin, '\0');
    }
  }

  /**
   * Keeps the token logged in for as long as this process lives. A token logs out when its last
   * session is closed, and the provider closes the session of every signature that was begun and
   * dropped. So one signature is begun here and never dropped; it holds a session.
   */
  void stayLoggedIn(IssuingCa ca) {
    try {
      Signature begun =
          Signature.getInstance(
              CertificateParts.signatureAlgorithm(ca.certificate().getPublicKey()), provider());
      begun.initSign(ca.key());
      HELD.put(this, begun);
    } catch (GeneralSecurityException | ProviderException e) {
      throw new IllegalArgumentException(toString() + ": can't sign (" + reason(e) + ")");
    }
  }

  private Provider provider() {
    String name = "Sallyport" + HexFormat.of().toHexDigits((library + " " + slot).hashCode());
    Provider listed = Security.getProvider(PROVIDER + "-" + name);
    if (listed != null) {
      return listed;
    }
    Provider plain = Security.getProvider(PROVIDER);
    if (plain == null) {
      throw new IllegalArgumentException(
          "this Java lacks the module jdk.crypto.cryptoki, which speaks PKCS#11");
    }
    try {
      Provider configured =
          plain.configure(
              "--name = %s\nlibrary = \"%s\"\n%s\n"
                  .formatted(
                      name,
                      library.toAbsolutePath(),
                      slot.map(number -> "slot = " + number).orElse("slotListIndex = 0")));
      Security.addProvider(configured);
      return configured;
    } catch (InvalidParameterException | ProviderException | UnsupportedOperationException e) {
      throw new IllegalArgumentException(toString() + ": can't be reached (" + reason(e) + ")");
    }
  }

  /** What the token said: the innermost cause is PKCS#11's own code. */
  private static String reason(Throwable thrown) {
    Throwable innermost = thrown;
    while (innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    return innermost.getMessage() == null
        ? innermost.getClass().getSimpleName()
        : innermost.getMessage();
  }

  @Override
  public String toString() {
    return "PKCS#11 token in "
        + slot.map(number -> "slot " + number).orElse("the first slot")
        + " of "
        + library;
  }
}
