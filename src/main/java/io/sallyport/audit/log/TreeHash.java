package io.sallyport.audit.log;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/** A hash in a Merkle tree of RFC 6962 section 2.1: SHA-256, leaves and nodes told apart. */
public final class TreeHash {

  /** How many bytes it has. */
  public static final int LENGTH = 32;

  private static final byte LEAF = 0;
  private static final byte NODE = 1;

  private final byte[] bytes;

  private TreeHash(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * @throws IllegalArgumentException unless there are 32 bytes
   */
  public static TreeHash of(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException("a hash has 32 bytes, not " + bytes.length);
    }
    return new TreeHash(bytes.clone());
  }

  /** The hash that stands at {@code offset} among others. */
  static TreeHash at(byte[] hashes, int offset) {
    return new TreeHash(Arrays.copyOfRange(hashes, offset, offset + LENGTH));
  }

  /**
   * Reads standard base64.
   *
   * @throws IllegalArgumentException unless it is that of 32 bytes
   */
  public static TreeHash ofBase64(String text) {
    TreeHash hash = of(Base64.getDecoder().decode(text));
    if (!hash.toString().equals(text)) {
      throw new IllegalArgumentException("not the base64 that one would write");
    }
    return hash;
  }

  /** The root of the tree without leaves: the hash of nothing. */
  public static TreeHash ofNothing() {
    return new TreeHash(sha256().digest());
  }

  /** The hash of a leaf. */
  public static TreeHash ofLeaf(byte[] leaf) {
    MessageDigest digest = sha256();
    digest.update(LEAF);
    return new TreeHash(digest.digest(leaf));
  }

  /** The hash of the node over two others. */
  public static TreeHash ofNode(TreeHash left, TreeHash right) {
    MessageDigest digest = sha256();
    digest.update(NODE);
    digest.update(left.bytes);
    return new TreeHash(digest.digest(right.bytes));
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  public byte[] bytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TreeHash hash && MessageDigest.isEqual(bytes, hash.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Standard base64, as checkpoints and proofs write it. */
  @Override
  public String toString() {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
