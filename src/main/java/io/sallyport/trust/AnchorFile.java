package io.sallyport.trust;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.LinkedHashSet;
import java.util.List;

/** A PEM bundle of trust anchors, as an operator configures it. */
public final class AnchorFile {

  private static final int MAX_BYTES = 4 * 1024 * 1024;
  private static final int MAX_ANCHORS = 1_000;

  private AnchorFile() {}

  /**
   * Reads all anchors of {@code file}, without repetitions. An empty file is an error, so that one
   * cut short by accident doesn't lock out every device.
   *
   * @throws IllegalArgumentException naming the file, and the line and block that is not a CA
   *     certificate
   */
  public static List<X509Certificate> read(Path file) {
    List<X509Certificate> certificates;
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IllegalArgumentException("longer than " + MAX_BYTES + " bytes");
      }
      certificates =
          PemCertificates.parse(
              Files.readString(file, StandardCharsets.UTF_8), MAX_BYTES, MAX_ANCHORS);
      for (int i = 0; i < certificates.size(); i++) {
        requireCa(certificates.get(i), i + 1);
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "trust anchors " + file + ": the file cannot be read as text", e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("trust anchors " + file + ": " + e.getMessage(), e);
    }
    return List.copyOf(new LinkedHashSet<>(certificates));
  }

  private static void requireCa(X509Certificate certificate, int block) {
    try {
      if (CertificateFacts.of(certificate).isCa()) {
        return;
      }
    } catch (CertificateParsingException e) {
      throw new IllegalArgumentException(
          "block " + block + ": a certificate that breaks RFC 5280", e);
    }
    throw new IllegalArgumentException(
        "block "
            + block
            + ": not a CA certificate (basicConstraints without cA); it could vouch for nobody");
  }
}
