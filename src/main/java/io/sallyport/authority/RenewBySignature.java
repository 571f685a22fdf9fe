package io.sallyport.authority;

import io.sallyport.admission.AdmissionEngine;
import io.sallyport.admission.CertificateVerdict;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.SourceAddress;
import io.sallyport.registry.Certificates;
import io.sallyport.trust.PresentedChain;
import jakarta.inject.Singleton;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/**
 * A new certificate for whoever signed with the present one: the same device, by the same rules as
 * at the door. Renewing again by the same certificate and key gives the same answer, so that a
 * replayed request makes nothing new.
 */
@Singleton
public class RenewBySignature {

  private final AuthorityMaterial authority;
  private final AdmissionEngine engine;
  private final Certificates certificates;
  private final RenewCertificate renew;

  RenewBySignature(
      AuthorityMaterial authority,
      AdmissionEngine engine,
      Certificates certificates,
      RenewCertificate renew) {
    this.authority = authority;
    this.engine = engine;
    this.certificates = certificates;
    this.renew = renew;
  }

  /** How it ended. */
  public sealed interface Outcome {

    /** Why it went no further than the certificate that signed. */
    sealed interface Bar extends Outcome {}

    /** The present certificate was sound, and this came of it, by the rules of every renewal. */
    record Decided(RenewalOutcome outcome) implements Outcome {
      public Decided {
        Objects.requireNonNull(outcome, "outcome");
      }
    }

    /** The present certificate is not one of ours, or not in good standing. */
    record NotInStanding() implements Bar {}

    /** Its standing can't be known now; trying again later may work. */
    record NotNow() implements Bar {}
  }

  /**
   * Why nobody renews by {@code current}; empty if it is one of ours in good standing. Ask it
   * before anything secret is done for who signed by it.
   */
  public Optional<Outcome.Bar> whyNot(X509Certificate current) {
    if (!ours(current)) {
      return Optional.of(new Outcome.NotInStanding());
    }
    // The whole look that a handshake takes: row and its MAC, time, revocation, issuers.
    return switch (engine.judge(PresentedChain.of(current))) {
      case CertificateVerdict.Sound _ -> Optional.empty();
      case CertificateVerdict.Unsound _ -> Optional.of(new Outcome.NotInStanding());
      case CertificateVerdict.Unjudged _ -> Optional.of(new Outcome.NotNow());
    };
  }

  /**
   * Renews.
   *
   * @param current a certificate whose key has signed this very request
   * @param protocol for the record
   * @throws io.sallyport.identity.ProblemException if the registry refuses the new certificate
   */
  public Outcome renew(
      X509Certificate current, VerifiedCsr csr, SourceAddress source, String protocol) {
    return whyNot(current)
        .<Outcome>map(bar -> bar)
        .orElseGet(() -> renewedOf(PresentedChain.of(current).thumbprint(), csr, source, protocol));
  }

  private Outcome renewedOf(
      CertificateThumbprint current, VerifiedCsr csr, SourceAddress source, String protocol) {
    return certificates
        .find(current)
        .<Outcome>map(
            found ->
                new Outcome.Decided(renew.renew(found.device(), current, csr, source, protocol)))
        .orElseGet(Outcome.NotInStanding::new);
  }

  private boolean ours(X509Certificate certificate) {
    return authority.issuing().stream().anyMatch(ca -> issued(ca, certificate));
  }

  private static boolean issued(IssuingCa ca, X509Certificate certificate) {
    try {
      if (!Arrays.equals(
          certificate.getIssuerX500Principal().getEncoded(),
          ca.certificate().getSubjectX500Principal().getEncoded())) {
        return false;
      }
      certificate.verify(ca.certificate().getPublicKey());
      return true;
    } catch (GeneralSecurityException | RuntimeException e) {
      // A stranger's certificate may break any getter.
      return false;
    }
  }
}
