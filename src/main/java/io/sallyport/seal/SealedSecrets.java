package io.sallyport.seal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Secrets that have to be in Postgres, sealed by AES-256-GCM under a key derived from the master
 * key. One instance serves one kind of row; what is sealed for one kind or one row opens for no
 * other.
 *
 * <p>A sealed secret is: one byte of version, eight that name the master key, twelve of nonce, the
 * ciphertext with its tag of sixteen. The row's id and all that stands before the ciphertext are
 * authenticated. Nonces are random, which is safe for 2^32 secrets of one kind.
 *
 * <p>To change the master key, name the former one beside the new: what it sealed still opens, and
 * {@link #stale} says which rows to seal again.
 */
public final class SealedSecrets {

  private static final byte VERSION = 1;
  private static final int KEY_ID = 8;
  private static final int NONCE = 12;
  private static final int TAG = 16;
  private static final int HEADER = 1 + KEY_ID + NONCE;

  private final byte[] context;
  private final String current;
  private final Map<String, SecretKey> keys = new LinkedHashMap<>();
  private final SecureRandom random;

  /** Why a stored secret can't be had; says nothing of its content. */
  public static final class SealBrokenException extends Exception {

    private static final long serialVersionUID = 1L;

    SealBrokenException(String message) {
      super(message);
    }
  }

  public SealedSecrets(String rowKind, MasterKey masterKey, SecureRandom random) {
    this(rowKind, masterKey, List.of(), random);
  }

  /**
   * @param rowKind what the rows are, for example {@code scep-ra}; part of the derived key
   * @param masterKey what is sealed from now on is sealed under it
   * @param former master keys under which older rows may be sealed
   */
  public SealedSecrets(
      String rowKind, MasterKey masterKey, List<MasterKey> former, SecureRandom random) {
    this.context = ("sallyport/seal/" + rowKind).getBytes(StandardCharsets.UTF_8);
    this.random = random;
    this.current = add(rowKind, masterKey);
    former.forEach(key -> add(rowKind, key));
  }

  private String add(String rowKind, MasterKey masterKey) {
    // The id is derived as a key of its own is: it tells nothing of the others.
    byte[] id = masterKey.derive("seal-key-id/" + rowKind, "Generic").getEncoded();
    String name = HexFormat.of().formatHex(id, 0, KEY_ID);
    keys.put(name, masterKey.derive("seal/" + rowKind, "AES"));
    return name;
  }

  /** Seals {@code secret} for the row of this id. The caller should wipe its own copy. */
  public byte[] seal(UUID row, byte[] secret) {
    byte[] nonce = new byte[NONCE];
    random.nextBytes(nonce);
    byte[] header =
        ByteBuffer.allocate(HEADER)
            .put(VERSION)
            .put(HexFormat.of().parseHex(current))
            .put(nonce)
            .array();
    try {
      byte[] sealed = cipher(Cipher.ENCRYPT_MODE, keys.get(current), row, header).doFinal(secret);
      return ByteBuffer.allocate(HEADER + sealed.length).put(header).put(sealed).array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK seals by AES-GCM", e);
    }
  }

  /**
   * Opens what was sealed for the row of this id.
   *
   * @throws SealBrokenException if it was not sealed for this row and kind, was altered, or was
   *     sealed under a master key that was not given
   */
  public byte[] open(UUID row, byte[] sealed) throws SealBrokenException {
    SecretKey key = keys.get(keyId(sealed));
    if (key == null) {
      throw new SealBrokenException(
          "sealed under another master key, " + keyId(sealed) + ": is the right one configured?");
    }
    try {
      return cipher(Cipher.DECRYPT_MODE, key, row, sealed)
          .doFinal(sealed, HEADER, sealed.length - HEADER);
    } catch (GeneralSecurityException e) {
      throw new SealBrokenException("the seal does not hold: altered, or of another row");
    }
  }

  /** Whether this was sealed under another than the present master key. */
  public boolean stale(byte[] sealed) throws SealBrokenException {
    return !keyId(sealed).equals(current);
  }

  private static String keyId(byte[] sealed) throws SealBrokenException {
    if (sealed.length < HEADER + TAG || sealed[0] != VERSION) {
      throw new SealBrokenException("this is no sealed secret");
    }
    return HexFormat.of().formatHex(sealed, 1, 1 + KEY_ID);
  }

  /** The header's nonce is used; all of the header is authenticated. */
  private Cipher cipher(int mode, SecretKey key, UUID row, byte[] header)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, key, new GCMParameterSpec(TAG * Byte.SIZE, header, 1 + KEY_ID, NONCE));
    cipher.updateAAD(context);
    cipher.updateAAD(
        ByteBuffer.allocate(2 * Long.BYTES)
            .putLong(row.getMostSignificantBits())
            .putLong(row.getLeastSignificantBits())
            .array());
    cipher.updateAAD(header, 0, HEADER);
    return cipher;
  }

  @Override
  public String toString() {
    return "SealedSecrets[" + new String(context, StandardCharsets.UTF_8) + "]";
  }
}
