package io.sallyport.boot;

import io.sallyport.seal.MasterKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/** Reads the master key from its file: 32 bytes as they are, or in hexadecimal, or in base64. */
final class MasterKeyFile {

  private MasterKeyFile() {}

  /**
   * @param make whether a missing file is made, of random bytes
   * @throws RefusedToStart if there is no key in it; the message repeats none of the file
   */
  static MasterKey read(Path file, boolean make, SecureRandom random) {
    byte[] content;
    try {
      content =
          make ? PrivateFiles.randomOnce(file, MasterKey.LENGTH, random) : Files.readAllBytes(file);
    } catch (IOException e) {
      throw new RefusedToStart("sallyport.master-key: " + file + " can't be read", e);
    }
    byte[] key = decode(content);
    Arrays.fill(content, (byte) 0);
    if (key == null || key.length != MasterKey.LENGTH) {
      throw new RefusedToStart(
          "sallyport.master-key: "
              + file
              + " must hold 32 bytes, raw, as 64 hexadecimal digits or in base64.");
    }
    MasterKey masterKey = MasterKey.of(key);
    Arrays.fill(key, (byte) 0);
    return masterKey;
  }

  private static byte[] decode(byte[] content) {
    if (content.length == MasterKey.LENGTH) {
      return content.clone();
    }
    String text = new String(content, StandardCharsets.ISO_8859_1).strip();
    try {
      return text.length() == 2 * MasterKey.LENGTH
          ? HexFormat.of().parseHex(text)
          : Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
