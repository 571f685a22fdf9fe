package io.sallyport.trust;

import io.sallyport.identity.IssuerAndSerial;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import org.bouncycastle.asn1.ASN1IA5String;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;

/** Reads where a certificate's standing is told (RFC 5280 sections 4.2.1.13, 4.2.1.15, 4.2.2.1). */
final class RevocationPointers {

  private static final int MAX_POINTS = 16;
  private static final int MAX_URL = 1_024;

  private RevocationPointers() {}

  static EvidenceQuestion.Subject of(X509Certificate certificate) {
    CRLDistPoint points =
        read(certificate, Extension.cRLDistributionPoints.getId(), CRLDistPoint::getInstance);
    return new EvidenceQuestion.Subject(
        IssuerAndSerial.of(certificate),
        uris(points),
        uris(read(certificate, Extension.freshestCRL.getId(), CRLDistPoint::getInstance)),
        ocspUrls(certificate),
        isIndirect(points),
        authorityKeyId(certificate));
  }

  /** Only points that speak for all reasons, and whose list is the certificate's issuer's own. */
  static List<URI> uris(CRLDistPoint points) {
    List<URI> uris = new ArrayList<>();
    if (points == null) {
      return uris;
    }
    for (DistributionPoint point : points.getDistributionPoints()) {
      if (point.getReasons() == null && point.getCRLIssuer() == null) {
        uris.addAll(urisOf(point.getDistributionPoint()));
      }
    }
    return uris.size() > MAX_POINTS ? List.copyOf(uris.subList(0, MAX_POINTS)) : uris;
  }

  /** The URIs among the names of a distribution point; empty where it is named otherwise. */
  static List<URI> urisOf(DistributionPointName name) {
    List<URI> uris = new ArrayList<>();
    if (name == null || name.getType() != DistributionPointName.FULL_NAME) {
      return uris;
    }
    for (GeneralName general : GeneralNames.getInstance(name.getName()).getNames()) {
      if (general.getTagNo() == GeneralName.uniformResourceIdentifier) {
        add(uris, general);
      }
    }
    return uris;
  }

  private static void add(List<URI> uris, GeneralName name) {
    String text = ASN1IA5String.getInstance(name.getName()).getString();
    if (text.length() <= MAX_URL) {
      try {
        uris.add(new URI(text));
      } catch (URISyntaxException e) {
        // Nowhere to go: as good as absent.
        return;
      }
    }
  }

  private static boolean isIndirect(CRLDistPoint points) {
    if (points == null) {
      return false;
    }
    for (DistributionPoint point : points.getDistributionPoints()) {
      if (point.getCRLIssuer() != null) {
        return true;
      }
    }
    return false;
  }

  private static List<URI> ocspUrls(X509Certificate certificate) {
    List<URI> uris = new ArrayList<>();
    AuthorityInformationAccess access =
        read(
            certificate,
            Extension.authorityInfoAccess.getId(),
            AuthorityInformationAccess::getInstance);
    if (access == null) {
      return uris;
    }
    for (AccessDescription description : access.getAccessDescriptions()) {
      if (description.getAccessMethod().equals(AccessDescription.id_ad_ocsp)
          && description.getAccessLocation().getTagNo() == GeneralName.uniformResourceIdentifier
          && uris.size() < MAX_POINTS) {
        add(uris, description.getAccessLocation());
      }
    }
    return uris;
  }

  static String authorityKeyId(X509Certificate certificate) {
    AuthorityKeyIdentifier key =
        read(
            certificate,
            Extension.authorityKeyIdentifier.getId(),
            AuthorityKeyIdentifier::getInstance);
    return key == null || key.getKeyIdentifierOctets() == null
        ? null
        : HexFormat.of().formatHex(key.getKeyIdentifierOctets());
  }

  static String subjectKeyId(X509Certificate certificate) {
    SubjectKeyIdentifier key =
        read(
            certificate, Extension.subjectKeyIdentifier.getId(), SubjectKeyIdentifier::getInstance);
    return key == null ? null : HexFormat.of().formatHex(key.getKeyIdentifier());
  }

  private static <T> T read(
      X509Certificate certificate, String extension, Function<byte[], T> parser) {
    try {
      byte[] value = certificate.getExtensionValue(extension);
      return value == null || value.length > PresentedChain.MAX_DER_BYTES
          ? null
          : parser.apply(ASN1OctetString.getInstance(value).getOctets());
    } catch (RuntimeException | StackOverflowError e) {
      return null;
    }
  }
}
