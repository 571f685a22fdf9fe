package io.sallyport.audit.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/**
 * The Ed25519 key of a witness (C2SP tlog-cosignature, signature type 0x04). ML-DSA-44 (type 0x06)
 * is not known here.
 */
public final class CosignerKey {

  private static final byte COSIGNATURE = 4;
  private static final int TIMESTAMP = Long.BYTES;
  private static final int LENGTH = TIMESTAMP + 64;

  private final NoteKey key;
  private final int id;

  private CosignerKey(NoteKey key, int id) {
    this.key = key;
    this.id = id;
  }

  /**
   * Reads a verifier key, {@code name+keyId+base64(0x04 || key)}.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static CosignerKey parse(String vkey) {
    String[] parts = vkey.strip().split("\\+", 3);
    if (parts.length != 3 || !parts[1].matches("[0-9a-f]{8}")) {
      throw new IllegalArgumentException("a verifier key is name+8 hex digits+base64");
    }
    byte[] typed;
    try {
      typed = Base64.getDecoder().decode(parts[2]);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the last part of a verifier key is base64", e);
    }
    if (typed.length != NoteKey.KEY_LENGTH + 1 || typed[0] != COSIGNATURE) {
      throw new IllegalArgumentException(
          "a witness's key is of type 4, Ed25519 cosignatures: 33 bytes, of which the first is 4");
    }
    NoteKey raw = NoteKey.of(parts[0], Arrays.copyOfRange(typed, 1, typed.length));
    MessageDigest digest = TreeHash.sha256();
    digest.update((parts[0] + "\n").getBytes(StandardCharsets.UTF_8));
    int id = ByteBuffer.wrap(digest.digest(typed)).getInt();
    if (!HexFormat.of().toHexDigits(id).equals(parts[1])) {
      throw new IllegalArgumentException("the id of this key is " + HexFormat.of().toHexDigits(id));
    }
    return new CosignerKey(raw, id);
  }

  public String name() {
    return key.name();
  }

  /**
   * Whether this line is a cosignature of this key under a checkpoint.
   *
   * @param text the checkpoint's text, to the newline before the empty line
   */
  public boolean cosigned(String text, SignedNote.Line line) {
    byte[] signature = line.signature();
    if (!line.name().equals(name()) || line.keyId() != id || signature.length != LENGTH) {
      return false;
    }
    long time = ByteBuffer.wrap(signature).getLong();
    String message = "cosignature/v1\ntime " + time + "\n" + text;
    return time >= 0
        && key.verifies(
            message.getBytes(StandardCharsets.UTF_8),
            Arrays.copyOfRange(signature, TIMESTAMP, LENGTH));
  }

  /** The verifier key. */
  @Override
  public String toString() {
    byte[] typed = new byte[NoteKey.KEY_LENGTH + 1];
    typed[0] = COSIGNATURE;
    System.arraycopy(key.raw(), 0, typed, 1, NoteKey.KEY_LENGTH);
    return name()
        + "+"
        + HexFormat.of().toHexDigits(id)
        + "+"
        + Base64.getEncoder().encodeToString(typed);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CosignerKey that && key.equals(that.key);
  }

  @Override
  public int hashCode() {
    return id;
  }
}
