package io.sallyport.trust;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;

/**
 * Judges one path whose signatures were verified. Our own pass names every fault and binds the
 * anchor; then the JDK's PKIX validator has to agree, which also processes policies.
 */
final class PathRules {

  private final KeyPurposeId purpose;
  private final Instant second;

  PathRules(KeyPurposeId purpose, Instant second) {
    this.purpose = purpose;
    this.second = second;
  }

  /**
   * The faults of everything above the leaf, and of the leaf in relation to it.
   *
   * @param path the leaf, its issuers nearest first, the anchor last
   */
  Set<ChainFault> faults(List<CertificateFacts> path) {
    EnumSet<ChainFault> faults = EnumSet.noneOf(ChainFault.class);
    int anchor = path.size() - 1;
    int intermediates = 0;
    for (int i = 1; i <= anchor; i++) {
      CertificateFacts ca = path.get(i);
      faults.addAll(ca.timeFaults(second));
      if (!ca.hasStrongKey() || i < anchor && !ca.hasStrongSignature()) {
        faults.add(ChainFault.WEAK_KEY);
      }
      if (!ca.mayVouchFor(purpose)) {
        faults.add(ChainFault.WRONG_USAGE);
      }
      if (!isFitCa(ca) || !ca.allowsIntermediates(intermediates)) {
        faults.add(ChainFault.PATH_INVALID);
      }
      if (!ca.isSelfIssued()) {
        intermediates++;
      }
    }
    if (!isWithinNameConstraints(path)) {
      // The JDK is not asked about a path whose constraints may be a burden to compute.
      faults.add(ChainFault.PATH_INVALID);
      return faults;
    }
    faults.addAll(askJdk(path, faults));
    return faults;
  }

  private static boolean isFitCa(CertificateFacts ca) {
    return ca.isCa()
        && ca.allows(KeyUsage.keyCertSign)
        && !ca.hasUnknownCriticalExtension()
        && ca.subject().getRDNs().length > 0;
  }

  private static boolean isWithinNameConstraints(List<CertificateFacts> path) {
    NameConstraintCheck check = new NameConstraintCheck();
    for (int i = path.size() - 1; i > 0; i--) {
      check.constrain(path.get(i).nameConstraints());
      CertificateFacts below = path.get(i - 1);
      // RFC 5280 section 6.1.3 (b): a self-issued CA certificate is free, the leaf never is.
      if ((i == 1 || !below.isSelfIssued()) && !check.permits(below)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Asks piece by piece, each piece ending below a CA with name constraints: the JDK would check
   * these too, and takes a common name such as "Issuing" for a DNS name where there are no
   * alternative names, which RFC 5280 does not. Where policies are constrained the path is asked
   * about as one, since these are counted along all of it.
   */
  private Set<ChainFault> askJdk(List<CertificateFacts> path, Set<ChainFault> known) {
    boolean whole = path.stream().anyMatch(CertificateFacts::constrainsPolicies);
    Date moment = Date.from(moment(path));
    int from = 0;
    for (int i = 1; i < path.size(); i++) {
      boolean last = i == path.size() - 1;
      if (last || !whole && path.get(i).nameConstraints() != null) {
        Set<ChainFault> faults = askJdk(path.subList(from, i), path.get(i), moment, known);
        if (!faults.isEmpty()) {
          return faults;
        }
        from = i;
      }
    }
    return Set.of();
  }

  private static Set<ChainFault> askJdk(
      List<CertificateFacts> below, CertificateFacts issuer, Date moment, Set<ChainFault> known) {
    try {
      PKIXParameters parameters =
          new PKIXParameters(Set.of(new TrustAnchor(issuer.certificate(), null)));
      parameters.setRevocationEnabled(false);
      parameters.setDate(moment);
      List<X509Certificate> certificates =
          below.stream().map(CertificateFacts::certificate).toList();
      CertPathValidator.getInstance("PKIX")
          .validate(
              CertificateFactory.getInstance("X.509").generateCertPath(certificates), parameters);
      return Set.of();
    } catch (CertPathValidatorException e) {
      ChainFault fault = faultOf(e);
      // What our own pass has named already comes back from the JDK under a vaguer name at times.
      return fault == ChainFault.PATH_INVALID
              && !known.isEmpty()
              && e.getReason() == BasicReason.UNSPECIFIED
          ? Set.of()
          : Set.of(fault);
    } catch (GeneralSecurityException | RuntimeException e) {
      return Set.of(ChainFault.PATH_INVALID);
    }
  }

  /**
   * When to ask the JDK about: it stops at the first fault, so that an expired certificate would
   * hide whatever else is wrong. If our own pass has found one expired (the chain is lost then), a
   * moment is asked about at which all of the path was valid, if there was one.
   */
  private Instant moment(List<CertificateFacts> path) {
    Instant from =
        path.stream().map(CertificateFacts::notBefore).max(Instant::compareTo).orElseThrow();
    Instant to =
        path.stream().map(CertificateFacts::notAfter).min(Instant::compareTo).orElseThrow();
    if (second.isBefore(from) && !from.isAfter(to)) {
      return from;
    }
    return second.isAfter(to) && !to.isBefore(from) ? to : second;
  }

  private static ChainFault faultOf(CertPathValidatorException e) {
    return switch (e.getReason()) {
      case BasicReason basic ->
          switch (basic) {
            case EXPIRED -> ChainFault.EXPIRED;
            case NOT_YET_VALID -> ChainFault.NOT_YET_VALID;
            case INVALID_SIGNATURE -> ChainFault.UNTRUSTED_ISSUER;
            case ALGORITHM_CONSTRAINED -> ChainFault.WEAK_KEY;
            case UNSPECIFIED, REVOKED, UNDETERMINED_REVOCATION_STATUS -> ChainFault.PATH_INVALID;
          };
      case PKIXReason pkix -> ChainFault.PATH_INVALID;
      default -> ChainFault.PATH_INVALID;
    };
  }
}
