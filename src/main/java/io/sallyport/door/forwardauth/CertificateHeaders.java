package io.sallyport.door.forwardauth;

import io.sallyport.admission.SeenCertificate;
import io.sallyport.admission.SeenCertificate.Absent;
import io.sallyport.admission.SeenCertificate.Shown;
import io.sallyport.admission.SeenCertificate.Unreadable;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.trust.PresentedChain;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;

/**
 * Reads the client certificate from the one header in which the proxy tells of it: {@code
 * Client-Cert} (RFC 9440), {@code X-Forwarded-Client-Cert} (Envoy), {@code X-SSL-Client-Cert}
 * (nginx' {@code $ssl_client_escaped_cert}) or {@code X-Forwarded-Tls-Client-Cert} (Traefik).
 *
 * <p>Two of them, or one twice, are refused whatever they hold: a proxy sends one and strips the
 * others, so that the second is the client's own.
 */
final class CertificateHeaders {

  private static final SequencedMap<String, Function<String, Shown>> READERS =
      new LinkedHashMap<>();

  static {
    READERS.put("Client-Cert", CertificateHeaders::byteSequence);
    READERS.put("X-Forwarded-Client-Cert", CertificateHeaders::envoy);
    READERS.put("X-SSL-Client-Cert", CertificateHeaders::escapedPem);
    READERS.put("X-Forwarded-Tls-Client-Cert", CertificateHeaders::traefik);
  }

  /** Names of all headers that tell of a certificate. */
  static final List<String> NAMES = List.copyOf(READERS.keySet());

  private CertificateHeaders() {}

  /**
   * @param values all values of a header, by its name
   */
  static SeenCertificate read(Function<String, List<String>> values) {
    String header = null;
    String value = null;
    for (String name : READERS.keySet()) {
      List<String> sent = values.apply(name);
      if (sent.isEmpty()) {
        continue;
      }
      if (sent.size() > 1) {
        return new Unreadable("the header " + name + " comes more than once");
      }
      if (header != null) {
        return new Unreadable("both headers " + header + " and " + name + " are there");
      }
      header = name;
      value = sent.getFirst().strip();
    }
    if (header == null || value.isEmpty()) {
      return new Absent();
    }
    try {
      Shown shown = READERS.get(header).apply(value);
      return shown == null ? new Absent() : shown;
    } catch (IllegalArgumentException e) {
      return new Unreadable("the header " + header + ": " + e.getMessage());
    }
  }

  /** RFC 9440 section 2.1: a byte sequence of RFC 8941, without parameters. Null if it is empty. */
  private static Shown byteSequence(String value) {
    if (value.equals("::")) {
      return null;
    }
    if (value.length() < 3 || value.charAt(0) != ':' || !value.endsWith(":")) {
      throw new IllegalArgumentException("expected the base64 of the certificate between colons");
    }
    return shown("Client-Cert", base64(value.substring(1, value.length() - 1)));
  }

  private static Shown envoy(String value) {
    String header = "X-Forwarded-Client-Cert";
    ForwardedClientCert told = ForwardedClientCert.parse(value);
    Optional<CertificateThumbprint> hash =
        told.hash().filter(text -> !text.isEmpty()).map(CertificateThumbprint::ofHex);
    if (told.cert().filter(text -> !text.isEmpty()).isPresent()) {
      Shown shown = pem(header, unescaped(told.cert().get()));
      if (hash.isPresent() && !hash.get().equals(shown.thumbprint())) {
        throw new IllegalArgumentException("Hash and Cert are not of the same certificate");
      }
      return shown;
    }
    return new Shown(
        header,
        hash.orElseThrow(() -> new IllegalArgumentException("has neither Hash nor Cert")),
        Optional.empty());
  }

  private static Shown escapedPem(String value) {
    return pem("X-SSL-Client-Cert", unescaped(value));
  }

  /** The leaf's base64 first; its chain, after commas, is not looked at. */
  private static Shown traefik(String value) {
    String unescaped = value.indexOf('%') < 0 ? value : unescaped(value);
    int comma = unescaped.indexOf(',');
    return shown(
        "X-Forwarded-Tls-Client-Cert",
        base64(comma < 0 ? unescaped : unescaped.substring(0, comma)));
  }

  private static Shown pem(String header, String pem) {
    PresentedChain chain = PresentedChain.parsePem(pem, 2 * PresentedChain.MAX_DER_BYTES);
    if (chain.certificates().size() != 1) {
      throw new IllegalArgumentException("expected one certificate");
    }
    return new Shown(header, chain.thumbprint(), Optional.of(chain));
  }

  private static Shown shown(String header, byte[] der) {
    try {
      X509Certificate certificate =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der));
      if (Arrays.equals(der, certificate.getEncoded())) {
        return new Shown(
            header, CertificateThumbprint.ofDer(der), Optional.of(PresentedChain.of(certificate)));
      }
    } catch (CertificateException | RuntimeException e) {
      // Hostile bytes may break the parser in any way.
      throw new IllegalArgumentException("the base64 does not hold a certificate");
    }
    throw new IllegalArgumentException("bytes follow the certificate, or it is not in DER");
  }

  private static byte[] base64(String text) {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      // Without its cause, which would repeat characters.
      throw new IllegalArgumentException("not base64");
    }
  }

  // By RFC 3986: unlike in forms, a plus is a plus.
  private static String unescaped(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '%') {
        bytes.write(c < 0x80 ? c : '?');
        continue;
      }
      int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
      int low = high < 0 ? -1 : Character.digit(text.charAt(i + 2), 16);
      if (low < 0) {
        throw new IllegalArgumentException("a percent sign without two hexadecimal digits");
      }
      bytes.write(high << 4 | low);
      i += 2;
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("what is escaped is no text");
    }
  }
}
