package io.sallyport.trust;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.NameConstraintValidatorException;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.PKIXNameConstraintValidator;

/**
 * Name constraints (RFC 5280 sections 4.2.1.10 and 6.1), gathered from the anchor downwards. The
 * JDK checks those below the anchor too; it leaves out the anchor's own, and those are what an
 * outside CA is fenced in by.
 */
final class NameConstraintCheck {

  /**
   * Names times constraints. More is refused rather than computed: a stranger chooses the names.
   */
  private static final int MAX_COMPARISONS = 100_000;

  private static final Set<Integer> COMPARABLE =
      Set.of(
          GeneralName.otherName,
          GeneralName.rfc822Name,
          GeneralName.dNSName,
          GeneralName.directoryName,
          GeneralName.uniformResourceIdentifier,
          GeneralName.iPAddress);

  private final PKIXNameConstraintValidator validator = new PKIXNameConstraintValidator();
  private final List<GeneralName> constraints = new ArrayList<>();
  private final List<String> excludedDns = new ArrayList<>();
  private boolean unusable;

  /** Adds the constraints that one CA certificate puts on everything below it. */
  void constrain(NameConstraints added) {
    if (added == null) {
      return;
    }
    GeneralSubtree[] permitted = orEmpty(added.getPermittedSubtrees());
    GeneralSubtree[] excluded = orEmpty(added.getExcludedSubtrees());
    // RFC 5280: a conforming CA never writes an empty sequence; what it was meant to confine is
    // unknown.
    unusable |= permitted.length + excluded.length == 0;
    // Quadratic as well: each permitted subtree is intersected with each one above.
    if ((long) permitted.length * (constraints.size() + 1) > MAX_COMPARISONS) {
      unusable = true;
      return;
    }
    for (GeneralSubtree subtree : permitted) {
      note(subtree);
    }
    for (GeneralSubtree subtree : excluded) {
      note(subtree);
      if (subtree.getBase().getTagNo() == GeneralName.dNSName) {
        excludedDns.add(lowerCase(subtree.getBase()));
      }
      validator.addExcludedSubtree(subtree);
    }
    if (permitted.length > 0) {
      validator.intersectPermittedSubtree(permitted);
    }
  }

  private void note(GeneralSubtree subtree) {
    constraints.add(subtree.getBase());
    unusable |=
        subtree.getMinimum().signum() != 0
            || subtree.getMaximum() != null
            || !isWellFormed(subtree.getBase());
  }

  /** Whether every name of this certificate is within what was gathered so far. */
  boolean permits(CertificateFacts certificate) {
    if (constraints.isEmpty() && !unusable) {
      return true;
    }
    GeneralName[] names =
        certificate.alternativeNames() == null
            ? new GeneralName[0]
            : certificate.alternativeNames().getNames();
    RDN[] subject = certificate.subject().getRDNs();
    if (unusable || (long) (names.length + subject.length) * constraints.size() > MAX_COMPARISONS) {
      return false;
    }
    try {
      validator.checkPermittedDN(certificate.subject());
      validator.checkExcludedDN(certificate.subject());
      for (RDN rdn : subject) {
        for (AttributeTypeAndValue part : rdn.getTypesAndValues()) {
          // An address in the subject is bound by the constraints for addresses.
          if (part.getType().equals(BCStyle.EmailAddress)) {
            check(
                new GeneralName(
                    GeneralName.rfc822Name, ((ASN1String) part.getValue()).getString()));
          }
        }
      }
      for (GeneralName name : names) {
        if (!isComparable(name) || isWildcardOverExcluded(name)) {
          return false;
        }
        check(name);
      }
      return true;
    } catch (NameConstraintValidatorException | RuntimeException e) {
      return false;
    }
  }

  private void check(GeneralName name) throws NameConstraintValidatorException {
    validator.checkPermitted(name);
    validator.checkExcluded(name);
  }

  private boolean isComparable(GeneralName name) {
    return COMPARABLE.contains(name.getTagNo())
        || constraints.stream().noneMatch(constraint -> constraint.getTagNo() == name.getTagNo());
  }

  /**
   * {@code *.example.com} also stands for {@code secret.example.com}, which may be excluded
   * (CVE-2025-61727).
   */
  private boolean isWildcardOverExcluded(GeneralName name) {
    if (name.getTagNo() != GeneralName.dNSName || !lowerCase(name).startsWith("*.")) {
      return false;
    }
    String parent = lowerCase(name).substring(1);
    return excludedDns.stream().anyMatch(excluded -> excluded.endsWith(parent));
  }

  private static boolean isWellFormed(GeneralName constraint) {
    return switch (constraint.getTagNo()) {
      case GeneralName.dNSName -> !lowerCase(constraint).contains("*");
      case GeneralName.rfc822Name ->
          lowerCase(constraint).indexOf('@') == lowerCase(constraint).lastIndexOf('@');
      default -> true;
    };
  }

  private static String lowerCase(GeneralName name) {
    return ((ASN1String) name.getName()).getString().toLowerCase(Locale.ROOT);
  }

  private static GeneralSubtree[] orEmpty(GeneralSubtree[] subtrees) {
    return subtrees == null ? new GeneralSubtree[0] : subtrees;
  }
}
