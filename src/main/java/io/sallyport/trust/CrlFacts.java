package io.sallyport.trust;

import io.sallyport.identity.IssuerAndSerial;
import java.math.BigInteger;
import java.net.URI;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;

/**
 * What a list says of itself.
 *
 * @param number null for a list without
 * @param baseNumber the BaseCRLNumber of a delta, else null
 * @param authorityKeyId hexadecimal, or null
 * @param points the URIs of its issuing distribution point; empty for a list of everything
 * @param freshest where its deltas are found
 */
record CrlFacts(
    X500Principal issuer,
    Instant thisUpdate,
    Instant nextUpdate,
    BigInteger number,
    BigInteger baseNumber,
    String authorityKeyId,
    List<String> points,
    boolean onlyUserCerts,
    boolean onlyCaCerts,
    List<String> freshest) {

  private static final int MAX_NUMBER_BITS = 168;

  private static final Set<ASN1ObjectIdentifier> KNOWN =
      Set.of(
          Extension.cRLNumber,
          Extension.deltaCRLIndicator,
          Extension.issuingDistributionPoint,
          Extension.authorityKeyIdentifier,
          Extension.freshestCRL);

  CrlFacts {
    Objects.requireNonNull(issuer, "issuer");
    Objects.requireNonNull(thisUpdate, "thisUpdate");
    Objects.requireNonNull(nextUpdate, "nextUpdate");
    points = List.copyOf(points);
    freshest = List.copyOf(freshest);
  }

  /**
   * Reads the extensions.
   *
   * @param encoded the DER of Extensions, or null for a list of version 1
   * @throws CrlRefused if one of them makes the list unusable here
   */
  static CrlFacts of(X500Principal issuer, Instant thisUpdate, Instant nextUpdate, byte[] encoded)
      throws CrlRefused {
    if (encoded == null) {
      return new CrlFacts(
          issuer, thisUpdate, nextUpdate, null, null, null, List.of(), false, false, List.of());
    }
    try {
      Extensions extensions = Extensions.getInstance(encoded);
      for (ASN1ObjectIdentifier critical : extensions.getCriticalExtensionOIDs()) {
        if (!KNOWN.contains(critical)) {
          throw new CrlRefused(
              CrlFault.CRL_CRITICAL_EXTENSION, "the list has the critical extension " + critical);
        }
      }
      IssuingDistributionPoint scope =
          IssuingDistributionPoint.getInstance(
              extensions.getExtensionParsedValue(Extension.issuingDistributionPoint));
      AuthorityKeyIdentifier key = AuthorityKeyIdentifier.fromExtensions(extensions);
      return new CrlFacts(
          issuer,
          thisUpdate,
          nextUpdate,
          number(extensions, Extension.cRLNumber),
          number(extensions, Extension.deltaCRLIndicator),
          key == null || key.getKeyIdentifierOctets() == null
              ? null
              : HexFormat.of().formatHex(key.getKeyIdentifierOctets()),
          points(scope),
          scope != null && scope.onlyContainsUserCerts(),
          scope != null && scope.onlyContainsCACerts(),
          RevocationPointers.uris(
                  CRLDistPoint.getInstance(
                      extensions.getExtensionParsedValue(Extension.freshestCRL)))
              .stream()
              .map(URI::toString)
              .toList());
    } catch (RuntimeException | StackOverflowError e) {
      throw DerCursor.malformed("an extension that breaks RFC 5280");
    }
  }

  private static BigInteger number(Extensions extensions, ASN1ObjectIdentifier oid)
      throws CrlRefused {
    var value = extensions.getExtensionParsedValue(oid);
    if (value == null) {
      return null;
    }
    BigInteger number = ASN1Integer.getInstance(value).getPositiveValue();
    if (number.bitLength() > MAX_NUMBER_BITS) {
      throw DerCursor.malformed("a CRL number of more than 20 octets");
    }
    return number;
  }

  private static List<String> points(IssuingDistributionPoint scope) throws CrlRefused {
    if (scope == null) {
      return List.of();
    }
    if (scope.isIndirectCRL()) {
      throw new CrlRefused(
          CrlFault.CRL_INDIRECT,
          "an indirect CRL, which speaks for other issuers; only lists of a certificate's own issuer"
              + " are used");
    }
    if (scope.getOnlySomeReasons() != null) {
      throw new CrlRefused(
          CrlFault.CRL_SOME_REASONS, "it names revocations of some reasons only (onlySomeReasons)");
    }
    if (scope.onlyContainsAttributeCerts()) {
      throw new CrlRefused(CrlFault.CRL_SCOPE, "it speaks for attribute certificates only");
    }
    DistributionPointName name = scope.getDistributionPoint();
    if (name == null) {
      return List.of();
    }
    List<String> points = RevocationPointers.urisOf(name).stream().map(URI::toString).toList();
    if (points.isEmpty()) {
      throw new CrlRefused(
          CrlFault.CRL_SCOPE, "its issuing distribution point is not named by a URI");
    }
    return points;
  }

  boolean isDelta() {
    return baseNumber != null;
  }

  /** The issuer as {@link IssuerAndSerial} writes it. */
  String issuerName() {
    return issuer.getName(X500Principal.RFC2253);
  }

  byte[] issuerKey() {
    return new IssuerAndSerial(issuerName(), "0").issuerKey();
  }

  static X500Principal name(byte[] encoded) throws CrlRefused {
    try {
      return new X500Principal(encoded);
    } catch (IllegalArgumentException e) {
      throw DerCursor.malformed("an issuer that is no name");
    }
  }
}
