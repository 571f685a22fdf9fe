package io.sallyport.trust;

import io.sallyport.identity.CertificateThumbprint;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * A PEM bundle sorted into what becomes an anchor and what only helps to build paths.
 *
 * <p>Self-signed certificates become anchors. Where there is none, those do that no other
 * certificate of the bundle issued: whoever trusts only an issuing CA sends that alone. Everything
 * else is an intermediate and must lead, by signatures, to an anchor of the same bundle.
 */
public record AnchorBundle(List<X509Certificate> anchors, List<X509Certificate> intermediates) {

  private static final int MAX_BYTES = 512 * 1024;
  private static final int MAX_CERTIFICATES = 32;

  public AnchorBundle {
    anchors = List.copyOf(anchors);
    intermediates = List.copyOf(intermediates);
  }

  /**
   * @throws IllegalArgumentException naming the block that can't be used and why, without repeating
   *     any of the text
   */
  public static AnchorBundle parse(String pem, Instant now) {
    List<X509Certificate> all =
        List.copyOf(new LinkedHashSet<>(PemCertificates.parse(pem, MAX_BYTES, MAX_CERTIFICATES)));
    for (int i = 0; i < all.size(); i++) {
      requireUsable(all.get(i), i + 1, now);
    }
    List<X509Certificate> anchors =
        new ArrayList<>(all.stream().filter(each -> issued(each, each)).toList());
    if (anchors.isEmpty()) {
      anchors.addAll(
          all.stream()
              .filter(each -> all.stream().noneMatch(o -> !o.equals(each) && issued(o, each)))
              .toList());
    }
    if (anchors.isEmpty()) {
      throw new IllegalArgumentException(
          "no certificate is self-signed and each was issued by another of them: send the one to"
              + " trust by itself");
    }
    List<X509Certificate> intermediates = new ArrayList<>(all);
    intermediates.removeAll(anchors);
    requireToLeadToAnchors(all, anchors, intermediates);
    return new AnchorBundle(anchors, intermediates);
  }

  private static void requireToLeadToAnchors(
      List<X509Certificate> all,
      List<X509Certificate> anchors,
      List<X509Certificate> intermediates) {
    List<X509Certificate> leading = new ArrayList<>(anchors);
    List<X509Certificate> open = new ArrayList<>(intermediates);
    boolean found = true;
    while (found) {
      List<X509Certificate> next =
          open.stream()
              .filter(each -> leading.stream().anyMatch(above -> issued(above, each)))
              .toList();
      leading.addAll(next);
      open.removeAll(next);
      found = !next.isEmpty();
    }
    if (!open.isEmpty()) {
      throw new IllegalArgumentException(
          "block "
              + (all.indexOf(open.getFirst()) + 1)
              + ": not self-signed, and no certificate of this bundle that leads to an anchor issued"
              + " it; add its issuer, or send it by itself to trust it");
    }
  }

  private static void requireUsable(X509Certificate certificate, int block, Instant now) {
    CertificateFacts facts;
    try {
      facts = CertificateFacts.of(certificate);
    } catch (CertificateParsingException e) {
      throw new IllegalArgumentException(
          "block " + block + ": a certificate that breaks RFC 5280", e);
    }
    if (!facts.isCa()) {
      throw new IllegalArgumentException(
          "block "
              + block
              + ": not a CA certificate (basicConstraints without cA); it could vouch for nobody."
              + " Devices' certificates are attached to devices");
    }
    if (!facts.isReadByJdk() || !facts.hasStrongKey()) {
      throw new IllegalArgumentException(
          "block " + block + ": its key is too weak, nothing below it would be accepted");
    }
    if (certificate.getNotAfter().toInstant().isBefore(now)) {
      throw new IllegalArgumentException(
          "block " + block + ": it ended on " + certificate.getNotAfter().toInstant());
    }
  }

  private static boolean issued(X509Certificate above, X509Certificate below) {
    if (!above.getSubjectX500Principal().equals(below.getIssuerX500Principal())) {
      return false;
    }
    try {
      below.verify(above.getPublicKey());
      return true;
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    }
  }

  /** Whether {@code issuer} signed {@code certificate}. */
  static boolean isIssuedBy(X509Certificate certificate, X509Certificate issuer) {
    return issued(issuer, certificate);
  }

  static CertificateThumbprint thumbprint(X509Certificate certificate) {
    try {
      return CertificateThumbprint.ofDer(certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new IllegalArgumentException("a certificate without an encoding", e);
    }
  }
}
