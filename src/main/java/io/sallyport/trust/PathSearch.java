package io.sallyport.trust;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.SignatureException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;

/**
 * Looks for a path from the leaf to an anchor, depth first, climbing only over verified signatures.
 * Anchors are tried before presented certificates, and these before known intermediates.
 *
 * <p>Bounded: a path has at most {@link #MAX_ISSUERS} CA certificates and never meets the same name
 * and key twice (RFC 4158 section 2.4.2); at most {@link #MAX_SIGNATURES} signatures are tried and
 * {@link #MAX_PATHS} complete paths are judged, whatever cross-signed maze was presented. Used
 * once, by one thread.
 */
final class PathSearch {

  static final int MAX_ISSUERS = 8;
  static final int MAX_SIGNATURES = 64;
  static final int MAX_PATHS = 16;

  private final List<CertificateFacts> presented;
  private final TrustSnapshot trust;
  private final PathRules rules;
  private int signaturesTried;
  private int pathsJudged;
  private boolean weakIssuer;
  private Set<ChainFault> fewest;

  PathSearch(List<CertificateFacts> presented, TrustSnapshot trust, PathRules rules) {
    this.presented = presented;
    this.trust = trust;
    this.rules = rules;
  }

  /**
   * The issuers of the first path without a fault of its own, nearest first; else empty, and {@link
   * #faults} say why.
   */
  Optional<List<CertificateFacts>> run() {
    if (!presented.getFirst().isReadByJdk()) {
      // Its key is weak (or it would be malformed), which is fault enough; what issued it can't be
      // found out.
      fewest = Set.of();
      return Optional.empty();
    }
    List<CertificateFacts> path = new ArrayList<>();
    path.add(presented.getFirst());
    return climb(path);
  }

  /** The faults of the best path that was found; empty after a successful run. */
  Set<ChainFault> faults() {
    if (fewest != null) {
      return fewest;
    }
    EnumSet<ChainFault> faults = EnumSet.of(ChainFault.UNTRUSTED_ISSUER);
    if (weakIssuer) {
      faults.add(ChainFault.WEAK_KEY);
    }
    return faults;
  }

  /** How much work the search made. */
  int signaturesTried() {
    return signaturesTried;
  }

  private Optional<List<CertificateFacts>> climb(List<CertificateFacts> path) {
    CertificateFacts child = path.getLast();
    for (CertificateFacts issuer : candidates(child)) {
      if (pathsJudged == MAX_PATHS || signaturesTried == MAX_SIGNATURES) {
        return Optional.empty();
      }
      if (isOnPath(path, issuer)
          || trust.isBarred(issuer.certificate())
          || !signed(issuer, child)) {
        continue;
      }
      path.add(issuer);
      Optional<List<CertificateFacts>> found = Optional.empty();
      if (trust.isAnchor(issuer)) {
        found = judge(path);
      } else if (path.size() <= MAX_ISSUERS) {
        found = climb(path);
      }
      if (found.isPresent()) {
        return found;
      }
      path.removeLast();
    }
    return Optional.empty();
  }

  private Optional<List<CertificateFacts>> judge(List<CertificateFacts> path) {
    pathsJudged++;
    Set<ChainFault> faults = rules.faults(path);
    if (fewest == null || faults.size() < fewest.size()) {
      fewest = faults;
    }
    return faults.isEmpty()
        ? Optional.of(List.copyOf(path.subList(1, path.size())))
        : Optional.empty();
  }

  private List<CertificateFacts> candidates(CertificateFacts child) {
    X500Principal name = child.certificate().getIssuerX500Principal();
    Map<Object, CertificateFacts> distinct = new LinkedHashMap<>();
    Stream.of(
            trust.anchorsNamed(name).stream(),
            presented.stream().skip(1).filter(other -> isNamed(other, name)),
            trust.intermediatesNamed(name).stream())
        .flatMap(source -> source)
        .forEach(candidate -> distinct.putIfAbsent(candidate.thumbprint(), candidate));
    List<CertificateFacts> candidates = new ArrayList<>(distinct.values());
    // Key identifiers only order the attempts; the signature decides. The sort is stable.
    candidates.sort(Comparator.comparing(candidate -> !keyIdentifiersMeet(candidate, child)));
    return candidates;
  }

  private boolean isNamed(CertificateFacts candidate, X500Principal name) {
    if (candidate.isReadByJdk()) {
      return candidate.certificate().getSubjectX500Principal().equals(name);
    }
    weakIssuer = true;
    return false;
  }

  private static boolean isOnPath(List<CertificateFacts> path, CertificateFacts candidate) {
    return path.stream()
        .anyMatch(
            member ->
                member.subject().equals(candidate.subject())
                    && member
                        .body()
                        .getSubjectPublicKeyInfo()
                        .equals(candidate.body().getSubjectPublicKeyInfo()));
  }

  private boolean signed(CertificateFacts issuer, CertificateFacts child) {
    if (!KeyStrength.isAffordable(issuer.body().getSubjectPublicKeyInfo())) {
      weakIssuer = true;
      return false;
    }
    signaturesTried++;
    try {
      PublicKey key = issuer.certificate().getPublicKey();
      child.certificate().verify(key);
      return true;
    } catch (SignatureException e) {
      return false;
    } catch (GeneralSecurityException | RuntimeException e) {
      // A key that doesn't fit the algorithm, or one that this JDK refuses to compute with.
      return false;
    }
  }

  private static boolean keyIdentifiersMeet(CertificateFacts issuer, CertificateFacts child) {
    try {
      SubjectKeyIdentifier above =
          SubjectKeyIdentifier.fromExtensions(issuer.body().getExtensions());
      AuthorityKeyIdentifier below =
          AuthorityKeyIdentifier.fromExtensions(child.body().getExtensions());
      ASN1OctetString wanted = below == null ? null : below.getKeyIdentifierObject();
      return above != null
          && wanted != null
          && Arrays.equals(above.getKeyIdentifier(), wanted.getOctets());
    } catch (RuntimeException e) {
      return false;
    }
  }
}
