package io.sallyport.trust;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;

/**
 * Judges presented chains by RFC 5280 for TLS client authentication. Immutable and safe for use by
 * many threads.
 *
 * <p>The identity judged is the first certificate's and no other's: whatever else was presented is
 * only building material for its path. The anchor is judged like every other CA certificate of the
 * path (validity, name constraints, path length, key), apart from its own signature, which nobody
 * relies on. Revocation is not looked at; only CA certificates that the snapshot bars are never
 * used.
 */
public final class PathValidator {

  private final KeyPurposeId purpose;

  /** For TLS client authentication. */
  public PathValidator() {
    this(KeyPurposeId.id_kp_clientAuth);
  }

  /** For another purpose: published test cases are mostly about servers. */
  PathValidator(KeyPurposeId purpose) {
    this.purpose = purpose;
  }

  /**
   * Judges the first certificate of {@code chain}. Faults of the leaf don't hide faults of its
   * path; where several paths lead to an anchor and none is valid, the faults are those of the path
   * that has the fewest. Never throws on account of what was presented, and takes bounded time.
   *
   * @param at the moment the chain has to be valid at
   */
  public ChainVerdict judge(PresentedChain chain, TrustSnapshot trust, Instant at) {
    Instant second = at.truncatedTo(ChronoUnit.SECONDS);
    List<X509Certificate> certificates = chain.certificates();
    if (certificates.isEmpty() || certificates.size() > PresentedChain.MAX_CERTIFICATES) {
      return rejected(ChainFault.MALFORMED);
    }
    try {
      List<CertificateFacts> presented = new ArrayList<>();
      for (X509Certificate certificate : certificates) {
        presented.add(CertificateFacts.of(certificate));
      }
      return judge(presented, trust, second);
    } catch (CertificateParsingException | RuntimeException | StackOverflowError e) {
      // The parsers of two libraries ran on a stranger's bytes: whatever they stumbled over is in
      // those bytes.
      return rejected(ChainFault.MALFORMED);
    }
  }

  /**
   * The faults that the certificate shows by itself, without any path: those of form, time, usage
   * and strength, and extensions no leaf may have. Cheap: nothing is verified. Never throws on
   * account of the certificate.
   */
  public Set<ChainFault> leafFaults(X509Certificate leaf, Instant at) {
    try {
      return Collections.unmodifiableSet(
          faultsOfLeaf(CertificateFacts.of(leaf), at.truncatedTo(ChronoUnit.SECONDS)));
    } catch (CertificateParsingException | RuntimeException | StackOverflowError e) {
      return Set.of(ChainFault.MALFORMED);
    }
  }

  private ChainVerdict judge(
      List<CertificateFacts> presented, TrustSnapshot trust, Instant second) {
    CertificateFacts leaf = presented.getFirst();
    EnumSet<ChainFault> faults = faultsOfLeaf(leaf, second);
    if (trust.isAnchor(leaf)) {
      // Who holds an anchor's key vouches for devices; it doesn't come to the door as one.
      faults.add(ChainFault.PATH_INVALID);
      return new ChainVerdict.Rejected(faults);
    }
    PathSearch search = new PathSearch(presented, trust, new PathRules(purpose, second));
    Optional<List<CertificateFacts>> issuers = search.run();
    faults.addAll(search.faults());
    return issuers.isPresent() && faults.isEmpty()
        ? new ChainVerdict.Valid(new ValidatedChain(leaf, issuers.get()))
        : new ChainVerdict.Rejected(faults);
  }

  private EnumSet<ChainFault> faultsOfLeaf(CertificateFacts leaf, Instant second) {
    EnumSet<ChainFault> faults = EnumSet.noneOf(ChainFault.class);
    faults.addAll(leaf.timeFaults(second));
    if (!leaf.namesPurpose(purpose)
        || !leaf.allows(KeyUsage.digitalSignature)
        || leaf.claims(KeyUsage.keyCertSign)
        || leaf.isCa()) {
      faults.add(ChainFault.WRONG_USAGE);
    }
    if (!leaf.hasStrongKey() || !leaf.hasStrongSignature()) {
      faults.add(ChainFault.WEAK_KEY);
    }
    if (leaf.hasUnknownCriticalExtension() || leaf.nameConstraints() != null) {
      faults.add(ChainFault.PATH_INVALID);
    }
    return faults;
  }

  private static ChainVerdict rejected(ChainFault fault) {
    return new ChainVerdict.Rejected(EnumSet.of(fault));
  }
}
