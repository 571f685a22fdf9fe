package io.sallyport.authority;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.NameConstraintValidatorException;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.PKIXNameConstraintValidator;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;

/**
 * The last look at a certificate before it is signed, by other code than the one that built it:
 * once signed it can't be called back by whoever trusts the CA alone.
 */
final class CertificateLint {

  private static final int LEAST_SERIAL_BITS = 64;
  private static final int DIGITAL_SIGNATURE = 0;
  private static final int KEY_CERT_SIGN = 5;
  private static final int CRL_SIGN = 6;

  private final AuthorityMaterial authority;
  private final AuthoritySettings settings;

  CertificateLint(AuthorityMaterial authority, AuthoritySettings settings) {
    this.authority = authority;
    this.settings = settings;
  }

  /**
   * Everything that is wrong with {@code draft} as a device's certificate under the CA that issues
   * today; empty if nothing is. Its signature is not looked at.
   *
   * @param asked the key it was asked for
   * @param shard the part of the CRL that it shall name
   */
  List<String> faults(
      X509Certificate draft, Profile profile, VerifiedCsr asked, int shard, Instant now) {
    List<String> faults = faultsBesidesKey(draft, profile, asked, shard, now);
    if (KeyType.of(draft.getPublicKey()).filter(profile.keyTypes()::contains).isEmpty()) {
      faults.add("its key's type is not one of " + KeyType.list(profile.keyTypes()));
    }
    return faults;
  }

  /** The same, except for the type of its key. */
  List<String> faultsBesidesKey(
      X509Certificate draft, Profile profile, VerifiedCsr asked, int shard, Instant now) {
    var faults = new ArrayList<String>();
    IssuingCa ca = authority.current();
    X509Certificate above = ca.certificate();
    if (!Arrays.equals(
        draft.getIssuerX500Principal().getEncoded(),
        above.getSubjectX500Principal().getEncoded())) {
      faults.add("its issuer's name is not the issuing CA's, byte for byte");
    }
    if (!Arrays.equals(draft.getPublicKey().getEncoded(), asked.key().getEncoded())) {
      faults.add("its key is not the one asked for");
    }
    int serialBits = draft.getSerialNumber().bitLength();
    if (draft.getSerialNumber().signum() <= 0
        || serialBits < LEAST_SERIAL_BITS
        || serialBits > CertificateParts.SERIAL_BITS) {
      faults.add("its serial has " + serialBits + " bits");
    }
    validity(draft, profile, now, faults);
    usage(draft, profile, faults);
    try {
      identifiers(draft, faults);
      names(draft, faults);
      pointers(draft, ca, shard, faults);
    } catch (RuntimeException e) {
      faults.add("an extension of it can't be read");
    }
    return faults;
  }

  private void validity(X509Certificate draft, Profile profile, Instant now, List<String> faults) {
    Instant start = draft.getNotBefore().toInstant();
    Instant end = draft.getNotAfter().toInstant();
    if (start.isAfter(now) || !end.isAfter(now) || end.isAfter(now.plus(profile.lifetime()))) {
      faults.add("its validity is " + start + " to " + end);
    }
    for (X509Certificate ca : List.of(authority.current().certificate(), authority.root())) {
      if (end.isAfter(ca.getNotAfter().toInstant())) {
        faults.add("it outlives " + ca.getSubjectX500Principal());
      }
      if (start.isBefore(ca.getNotBefore().toInstant())
          && now.isBefore(ca.getNotBefore().toInstant())) {
        faults.add("it begins before " + ca.getSubjectX500Principal());
      }
    }
  }

  private static void usage(X509Certificate draft, Profile profile, List<String> faults) {
    Set<String> expected =
        profile.purposes().stream()
            .map(purpose -> purpose.id().getId())
            .collect(Collectors.toSet());
    try {
      List<String> purposes = draft.getExtendedKeyUsage();
      if (purposes == null || !new HashSet<>(purposes).equals(expected)) {
        faults.add("its extended key usage is not the profile's");
      }
    } catch (GeneralSecurityException e) {
      faults.add("its extended key usage can't be read");
    }
    boolean[] usage = draft.getKeyUsage();
    if (usage == null || !usage[DIGITAL_SIGNATURE] || usage[KEY_CERT_SIGN] || usage[CRL_SIGN]) {
      faults.add("its key usage is not that of a device");
    }
    if (draft.getBasicConstraints() >= 0) {
      faults.add("it is a CA certificate");
    }
  }

  private void identifiers(X509Certificate draft, List<String> faults) {
    ASN1Encodable subject = extension(draft, Extension.subjectKeyIdentifier);
    ASN1Encodable issuer = extension(draft, Extension.authorityKeyIdentifier);
    if (subject == null
        || SubjectKeyIdentifier.getInstance(subject).getKeyIdentifier().length == 0) {
      faults.add("it lacks a subject key identifier");
    }
    byte[] expected =
        CertificateParts.authorityKeyIdentifier(authority.current().certificate())
            .getKeyIdentifierOctets();
    if (issuer == null
        || !Arrays.equals(
            AuthorityKeyIdentifier.getInstance(issuer).getKeyIdentifierOctets(), expected)) {
      faults.add("its authority key identifier is not the issuing CA's");
    }
  }

  private void names(X509Certificate draft, List<String> faults) {
    ASN1Encodable extension = extension(draft, Extension.subjectAlternativeName);
    GeneralName[] names =
        extension == null ? new GeneralName[0] : GeneralNames.getInstance(extension).getNames();
    if (names.length == 0) {
      faults.add("it lacks a subject alternative name");
    }
    var constraints = new PKIXNameConstraintValidator();
    for (X509Certificate ca : List.of(authority.root(), authority.current().certificate())) {
      ASN1Encodable constraint = extension(ca, Extension.nameConstraints);
      if (constraint != null) {
        constrain(constraints, NameConstraints.getInstance(constraint));
      }
    }
    try {
      X500Name subject = CertificateParts.subjectOf(draft);
      constraints.checkPermittedDN(subject);
      constraints.checkExcludedDN(subject);
      for (GeneralName name : names) {
        constraints.checkPermitted(name);
        constraints.checkExcluded(name);
      }
    } catch (NameConstraintValidatorException e) {
      faults.add("a name of it is outside the CA's name constraints");
    }
  }

  private static void constrain(PKIXNameConstraintValidator validator, NameConstraints added) {
    if (added.getPermittedSubtrees() != null) {
      validator.intersectPermittedSubtree(added.getPermittedSubtrees());
    }
    if (added.getExcludedSubtrees() != null) {
      for (GeneralSubtree subtree : added.getExcludedSubtrees()) {
        validator.addExcludedSubtree(subtree);
      }
    }
  }

  private void pointers(X509Certificate draft, IssuingCa ca, int shard, List<String> faults) {
    ASN1Encodable points = extension(draft, Extension.cRLDistributionPoints);
    String list = settings.crlUrl(ca.id(), shard).toString();
    if (points == null || !lists(CRLDistPoint.getInstance(points)).equals(List.of(list))) {
      faults.add("its CRL distribution point is not " + list);
    }
    ASN1Encodable access = extension(draft, Extension.authorityInfoAccess);
    var descriptions =
        access == null
            ? new AccessDescription[0]
            : AuthorityInformationAccess.getInstance(access).getAccessDescriptions();
    if (!points(descriptions, AccessDescription.id_ad_ocsp, settings.ocspUrl().toString())) {
      faults.add("it does not point at the OCSP responder");
    }
    if (!points(
        descriptions,
        AccessDescription.id_ad_caIssuers,
        settings.caCertificateUrl(ca.id()).toString())) {
      faults.add("it does not point at the issuing CA's certificate");
    }
  }

  private static List<String> lists(CRLDistPoint points) {
    var urls = new ArrayList<String>();
    for (DistributionPoint point : points.getDistributionPoints()) {
      for (GeneralName name :
          GeneralNames.getInstance(point.getDistributionPoint().getName()).getNames()) {
        urls.add(name.getName().toString());
      }
    }
    return urls;
  }

  private static boolean points(
      AccessDescription[] descriptions, ASN1ObjectIdentifier method, String url) {
    return Arrays.stream(descriptions)
        .anyMatch(
            description ->
                description.getAccessMethod().equals(method)
                    && description.getAccessLocation().getName().toString().equals(url));
  }

  private static ASN1Encodable extension(X509Certificate certificate, ASN1ObjectIdentifier id) {
    byte[] value = certificate.getExtensionValue(id.getId());
    if (value == null) {
      return null;
    }
    try {
      return ASN1Primitive.fromByteArray(ASN1OctetString.getInstance(value).getOctets());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
