package io.sallyport.trust;

import io.sallyport.identity.CertificateThumbprint;
import java.nio.ByteBuffer;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.security.auth.x500.X500Principal;

/**
 * Whom this replica trusts at one moment: anchors, intermediates known to be trusted, and CA
 * certificates that are barred because they were removed or revoked. Immutable.
 *
 * <p>A barred certificate is recognised by its signed body as well as by its thumbprint: an ECDSA
 * signature can be rewritten by anybody into a second valid one, which changes the thumbprint and
 * nothing else.
 */
public final class TrustSnapshot {

  private static final TrustSnapshot EMPTY = of(List.of(), List.of(), List.of());

  private final Map<X500Principal, List<CertificateFacts>> anchors;
  private final Map<X500Principal, List<CertificateFacts>> intermediates;
  private final List<X509Certificate> anchorCertificates;
  private final Set<CertificateThumbprint> anchorThumbprints;
  private final Set<ByteBuffer> barredBodies;
  private final Set<CertificateThumbprint> barredThumbprints;

  private TrustSnapshot(
      Collection<X509Certificate> anchors,
      Collection<X509Certificate> intermediates,
      Collection<X509Certificate> barred) {
    this.barredBodies = new HashSet<>();
    this.barredThumbprints = new HashSet<>();
    for (X509Certificate certificate : barred) {
      try {
        barredBodies.add(ByteBuffer.wrap(certificate.getTBSCertificate()));
        barredThumbprints.add(CertificateThumbprint.ofDer(certificate.getEncoded()));
      } catch (CertificateEncodingException e) {
        throw new IllegalArgumentException("a barred certificate has no encoding", e);
      }
    }
    this.anchors = bySubject(anchors);
    this.intermediates = bySubject(intermediates);
    List<CertificateFacts> usable = this.anchors.values().stream().flatMap(List::stream).toList();
    this.anchorCertificates = usable.stream().map(CertificateFacts::certificate).toList();
    this.anchorThumbprints =
        new HashSet<>(usable.stream().map(CertificateFacts::thumbprint).toList());
  }

  /**
   * A certificate that can't be read or loaded is left out, so that one bad row doesn't shut the
   * door for all; one that is barred is never used, even if it is listed as an anchor too.
   *
   * @throws IllegalArgumentException if a barred certificate has no encoding
   */
  public static TrustSnapshot of(
      Collection<X509Certificate> anchors,
      Collection<X509Certificate> intermediates,
      Collection<X509Certificate> barred) {
    return new TrustSnapshot(anchors, intermediates, barred);
  }

  /** Trusts these anchors and knows nothing else. */
  public static TrustSnapshot ofAnchors(X509Certificate... anchors) {
    return of(List.of(anchors), List.of(), List.of());
  }

  /** Trusts nobody. */
  public static TrustSnapshot empty() {
    return EMPTY;
  }

  /** The usable anchors, in no particular order. */
  public List<X509Certificate> anchors() {
    return anchorCertificates;
  }

  /** Whether this CA certificate was removed or revoked, however it is signed or wrapped now. */
  public boolean isBarred(X509Certificate certificate) {
    try {
      return barredBodies.contains(ByteBuffer.wrap(certificate.getTBSCertificate()))
          || barredThumbprints.contains(CertificateThumbprint.ofDer(certificate.getEncoded()));
    } catch (CertificateEncodingException e) {
      return true;
    }
  }

  boolean isAnchor(CertificateFacts certificate) {
    return anchorThumbprints.contains(certificate.thumbprint());
  }

  List<CertificateFacts> anchorsNamed(X500Principal subject) {
    return anchors.getOrDefault(subject, List.of());
  }

  List<CertificateFacts> intermediatesNamed(X500Principal subject) {
    return intermediates.getOrDefault(subject, List.of());
  }

  private Map<X500Principal, List<CertificateFacts>> bySubject(
      Collection<X509Certificate> certificates) {
    Map<X500Principal, List<CertificateFacts>> named = new HashMap<>();
    for (X509Certificate certificate : certificates) {
      try {
        CertificateFacts facts = CertificateFacts.of(certificate);
        if (facts.isReadByJdk() && !isBarred(facts.certificate())) {
          named
              .computeIfAbsent(
                  facts.certificate().getSubjectX500Principal(), subject -> new ArrayList<>())
              .add(facts);
        }
      } catch (CertificateParsingException e) {
        // Left out, as promised. CaCertificates and AnchorFile refuse such a certificate where an
        // operator sees it.
        continue;
      }
    }
    named.replaceAll((subject, list) -> List.copyOf(list));
    return Map.copyOf(named);
  }
}
