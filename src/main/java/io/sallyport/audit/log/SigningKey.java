package io.sallyport.audit.log;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;

/** The Ed25519 key that signs checkpoints. */
public final class SigningKey {

  /** What comes before the 32 bytes of a seed in its PKCS#8 form (RFC 8410). */
  private static final byte[] PKCS8_HEAD =
      HexFormat.of().parseHex("302e020100300506032b657004220420");

  private final PrivateKey key;
  private final byte[] publicKey;

  private SigningKey(PrivateKey key, byte[] publicKey) {
    this.key = key;
    this.publicKey = publicKey;
  }

  /**
   * Reads a PEM file's content: one {@code PRIVATE KEY} (PKCS#8), as {@code openssl genpkey
   * -algorithm ed25519} writes it.
   *
   * @throws IllegalArgumentException if it is anything else; the message repeats none of it
   */
  public static SigningKey ofPem(String pem) {
    try (var reader = new PemReader(new StringReader(pem))) {
      PemObject object = reader.readPemObject();
      byte[] der = object == null ? new byte[0] : object.getContent();
      int end = PKCS8_HEAD.length + NoteKey.KEY_LENGTH;
      if (der.length != end || !Arrays.equals(PKCS8_HEAD, Arrays.copyOf(der, PKCS8_HEAD.length))) {
        throw new IllegalArgumentException("not an Ed25519 private key in PKCS#8 (RFC 8410)");
      }
      byte[] seed = Arrays.copyOfRange(der, PKCS8_HEAD.length, end);
      byte[] publicKey = new Ed25519PrivateKeyParameters(seed).generatePublicKey().getEncoded();
      PrivateKey key =
          KeyFactory.getInstance("Ed25519").generatePrivate(new PKCS8EncodedKeySpec(der));
      Arrays.fill(seed, (byte) 0);
      return new SigningKey(key, publicKey);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException("not an Ed25519 private key in PEM");
    }
  }

  /** A new key as a PEM file holds it. */
  public static String newPem(SecureRandom random) {
    byte[] der = Arrays.copyOf(PKCS8_HEAD, PKCS8_HEAD.length + NoteKey.KEY_LENGTH);
    byte[] seed = new byte[NoteKey.KEY_LENGTH];
    random.nextBytes(seed);
    System.arraycopy(seed, 0, der, PKCS8_HEAD.length, seed.length);
    return "-----BEGIN PRIVATE KEY-----\n"
        + Base64.getEncoder().encodeToString(der)
        + "\n-----END PRIVATE KEY-----\n";
  }

  /** Its public half, under this name. */
  public NoteKey named(String name) {
    return NoteKey.of(name, publicKey);
  }

  byte[] sign(String text) {
    try {
      var signer = Signature.getInstance("Ed25519");
      signer.initSign(key);
      signer.update(text.getBytes(StandardCharsets.UTF_8));
      return signer.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the audit key does not sign", e);
    }
  }

  @Override
  public String toString() {
    return "SigningKey[redacted]";
  }
}
