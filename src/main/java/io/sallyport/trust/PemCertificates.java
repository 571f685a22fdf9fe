package io.sallyport.trust;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * Reads CERTIFICATE blocks (RFC 7468) strictly. No message repeats any of the text, since it may be
 * a private key in the wrong place.
 */
final class PemCertificates {

  private static final String BEGIN = "-----BEGIN ";
  private static final String END = "-----END ";
  private static final String BEGIN_CERTIFICATE = "-----BEGIN CERTIFICATE-----";
  private static final String END_CERTIFICATE = "-----END CERTIFICATE-----";

  private PemCertificates() {}

  /**
   * @throws IllegalArgumentException saying what is wrong in which line and block
   */
  static List<X509Certificate> parse(String pem, int maxBytes, int maxCertificates) {
    if (pem == null || pem.isBlank()) {
      throw new IllegalArgumentException(
          "expected a PEM block that begins with " + BEGIN_CERTIFICATE);
    }
    // A character has at least one byte, so the cheap comparison comes first.
    if (pem.length() > maxBytes || pem.getBytes(StandardCharsets.UTF_8).length > maxBytes) {
      throw new IllegalArgumentException("longer than " + maxBytes + " bytes");
    }
    List<String> lines = pem.lines().map(String::strip).toList();
    refusePrivateKeys(lines);
    List<X509Certificate> certificates = new ArrayList<>();
    int at = 0;
    while (at < lines.size()) {
      if (!lines.get(at).startsWith(BEGIN)) {
        if (lines.get(at).startsWith(END)) {
          throw wrong(at, certificates.size() + 1, "an END line without its BEGIN line");
        }
        at++;
        continue;
      }
      int block = certificates.size() + 1;
      if (block > maxCertificates) {
        throw wrong(at, block, "at most " + maxCertificates + " certificates are taken");
      }
      int end = endOfBlock(lines, at, block);
      certificates.add(decode(lines, at, end, block));
      at = end + 1;
    }
    if (certificates.isEmpty()) {
      throw new IllegalArgumentException(
          "holds no PEM block that begins with " + BEGIN_CERTIFICATE);
    }
    return List.copyOf(certificates);
  }

  /**
   * Looks through the whole text first: whoever pasted a private key must hear of that before
   * anything else.
   */
  private static void refusePrivateKeys(List<String> lines) {
    int block = 0;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).toUpperCase(Locale.ROOT);
      if (line.contains("-----BEGIN")) {
        block++;
      }
      if (line.contains("PRIVATE KEY-----")) {
        throw wrong(
            i,
            Math.max(block, 1),
            "holds a private key; send certificates only, and replace that key");
      }
    }
  }

  private static int endOfBlock(List<String> lines, int begin, int block) {
    String first = lines.get(begin);
    if (!first.equals(BEGIN_CERTIFICATE)) {
      throw wrong(begin, block, whatBegins(first));
    }
    for (int i = begin + 1; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.equals(END_CERTIFICATE)) {
        return i;
      }
      if (line.startsWith("-----")) {
        throw wrong(i, block, "expected " + END_CERTIFICATE);
      }
    }
    throw wrong(lines.size() - 1, block, "the text ends before " + END_CERTIFICATE);
  }

  private static String whatBegins(String line) {
    if (line.startsWith(BEGIN_CERTIFICATE)) {
      return "text follows the BEGIN line; PEM needs real line breaks";
    }
    if (line.contains("CERTIFICATE REQUEST-----")) {
      return "a certificate request, not a certificate";
    }
    if (line.contains("CRL-----")) {
      return "a CRL, not a certificate";
    }
    if (line.contains("PUBLIC KEY-----")) {
      return "a public key, not a certificate";
    }
    return "not a certificate; expected " + BEGIN_CERTIFICATE;
  }

  private static X509Certificate decode(List<String> lines, int begin, int end, int block) {
    StringBuilder base64 = new StringBuilder();
    for (int i = begin + 1; i < end; i++) {
      String line = lines.get(i);
      if (!line.chars().allMatch(PemCertificates::isBase64)) {
        throw wrong(i, block, "a character that is not base64");
      }
      base64.append(line);
    }
    if (base64.isEmpty()) {
      throw wrong(begin, block, "the block is empty");
    }
    byte[] der;
    try {
      der = Base64.getDecoder().decode(base64.toString());
    } catch (IllegalArgumentException e) {
      // Without its cause, which would repeat characters.
      throw wrong(begin, block, "not base64: cut short, or padded in the wrong place");
    }
    if (der.length > PresentedChain.MAX_DER_BYTES) {
      throw wrong(
          begin, block, "a certificate longer than " + PresentedChain.MAX_DER_BYTES + " bytes");
    }
    try {
      X509Certificate certificate =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der));
      if (Arrays.equals(der, certificate.getEncoded())) {
        return certificate;
      }
    } catch (CertificateException | RuntimeException e) {
      throw wrong(begin, block, "the base64 does not hold a certificate that can be read");
    }
    throw wrong(begin, block, "bytes follow the certificate, or it is not in DER");
  }

  private static boolean isBase64(int c) {
    return c >= 'A' && c <= 'Z'
        || c >= 'a' && c <= 'z'
        || c >= '0' && c <= '9'
        || c == '+'
        || c == '/'
        || c == '=';
  }

  private static IllegalArgumentException wrong(int index, int block, String what) {
    return new IllegalArgumentException("line " + (index + 1) + ", block " + block + ": " + what);
  }
}
