package io.sallyport.audit.log;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A named Ed25519 key that verifies notes (C2SP signed-note, signature type 0x01). Its text is the
 * verifier key ("vkey") of that specification: {@code name+keyId+base64(0x01 || key)}.
 */
public final class NoteKey {

  static final byte ED25519 = 1;
  static final int KEY_LENGTH = 32;

  /** What comes before the 32 bytes of a key in its X.509 form (RFC 8410). */
  private static final byte[] X509_HEAD = HexFormat.of().parseHex("302a300506032b6570032100");

  private static final Pattern NAME = Pattern.compile("[^\\s\\p{Z}\\p{Cc}+]{1,255}");

  private final String name;
  private final byte[] raw;
  private final int id;
  private final PublicKey key;

  private NoteKey(String name, byte[] raw, PublicKey key) {
    this.name = name;
    this.raw = raw;
    this.key = key;
    this.id = idOf(name, raw);
  }

  /**
   * @param raw the 32 bytes of RFC 8032
   * @throws IllegalArgumentException if that is no name or no key
   */
  public static NoteKey of(String name, byte[] raw) {
    requireName(name);
    if (raw.length != KEY_LENGTH) {
      throw new IllegalArgumentException("an Ed25519 key has 32 bytes, not " + raw.length);
    }
    byte[] encoded = Arrays.copyOf(X509_HEAD, X509_HEAD.length + KEY_LENGTH);
    System.arraycopy(raw, 0, encoded, X509_HEAD.length, KEY_LENGTH);
    try {
      PublicKey key =
          KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
      return new NoteKey(name, raw.clone(), key);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("not an Ed25519 key", e);
    }
  }

  /**
   * Reads a verifier key.
   *
   * @throws IllegalArgumentException if it is none, of another algorithm, or its id is not its own
   */
  public static NoteKey parse(String vkey) {
    String[] parts = vkey.strip().split("\\+", 3);
    if (parts.length != 3 || !parts[1].matches("[0-9a-f]{8}")) {
      throw new IllegalArgumentException("a verifier key is name+8 hex digits+base64");
    }
    byte[] typed = Base64.getDecoder().decode(parts[2]);
    if (typed.length != KEY_LENGTH + 1 || typed[0] != ED25519) {
      throw new IllegalArgumentException("only Ed25519 keys (type 1) are known here");
    }
    NoteKey key = of(parts[0], Arrays.copyOfRange(typed, 1, typed.length));
    if (!key.hexId().equals(parts[1])) {
      throw new IllegalArgumentException("the id of this key is " + key.hexId());
    }
    return key;
  }

  /**
   * @throws IllegalArgumentException if no key may be named so
   */
  static void requireName(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a key's name is 1 to 255 characters without spaces and '+', not '" + name + "'");
    }
  }

  private static int idOf(String name, byte[] raw) {
    MessageDigest digest = TreeHash.sha256();
    digest.update((name + "\n").getBytes(StandardCharsets.UTF_8));
    digest.update(ED25519);
    byte[] hash = digest.digest(raw);
    return (hash[0] & 0xff) << 24 | (hash[1] & 0xff) << 16 | (hash[2] & 0xff) << 8 | hash[3] & 0xff;
  }

  boolean verifies(byte[] message, byte[] signature) {
    try {
      var verifier = Signature.getInstance("Ed25519");
      verifier.initVerify(key);
      verifier.update(message);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  public String name() {
    return name;
  }

  /** The first four bytes of SHA-256(name || 0x0A || 0x01 || key), big-endian. */
  public int id() {
    return id;
  }

  public String hexId() {
    return HexFormat.of().toHexDigits(id);
  }

  /** The 32 bytes of RFC 8032. */
  public byte[] raw() {
    return raw.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NoteKey key && name.equals(key.name) && Arrays.equals(raw, key.raw);
  }

  @Override
  public int hashCode() {
    return id;
  }

  @Override
  public String toString() {
    byte[] typed = new byte[KEY_LENGTH + 1];
    typed[0] = ED25519;
    System.arraycopy(raw, 0, typed, 1, KEY_LENGTH);
    return name + "+" + hexId() + "+" + Base64.getEncoder().encodeToString(typed);
  }
}
