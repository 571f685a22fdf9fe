package io.sallyport.authority;

import java.io.IOException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AccessDescription;
import org.bouncycastle.asn1.x509.AuthorityInformationAccess;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Builds the certificates of {@link DevelopmentAuthority}; writes nothing. */
final class DevelopmentCertificates {

  private static final Duration ROOT_LIFE = Duration.ofDays(3650);
  private static final Duration ISSUING_LIFE = Duration.ofDays(1825);
  static final Duration SERVER_LIFE = Duration.ofDays(90);

  /** Clocks of laptops lag a little. */
  private static final Duration BACKDATED = Duration.ofMinutes(5);

  private final Clock clock;
  private final SecureRandom random;
  private final Optional<AuthoritySettings> pointers;

  /**
   * @param pointers where the CA certificates are to be had; certificates without pointers if empty
   */
  DevelopmentCertificates(Clock clock, SecureRandom random, Optional<AuthoritySettings> pointers) {
    this.clock = clock;
    this.random = random;
    this.pointers = pointers;
  }

  X509Certificate root(KeyPair keys) throws IOException {
    X500Name name = caName("Sallyport development root");
    var builder = builder(name, name, keys.getPublic(), ROOT_LIFE, Optional.empty());
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
    builder.addExtension(
        Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    builder.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        CertificateParts.subjectKeyIdentifier(CertificateParts.spki(keys.getPublic())));
    return sign(builder, keys.getPrivate());
  }

  X509Certificate issuing(PublicKey key, X509Certificate root, PrivateKey rootKey)
      throws IOException {
    var builder =
        builder(
            CertificateParts.subjectOf(root),
            caName("Sallyport development issuing CA"),
            key,
            ISSUING_LIFE,
            Optional.of(root));
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
    builder.addExtension(
        Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    builder.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        CertificateParts.subjectKeyIdentifier(CertificateParts.spki(key)));
    builder.addExtension(
        Extension.authorityKeyIdentifier, false, CertificateParts.authorityKeyIdentifier(root));
    // The root's certificate is served, so it is pointed at. A CRL of the root is not: its key is
    // not at work here, and a list that nobody signs would make every check against it fail.
    if (pointers.isPresent()) {
      builder.addExtension(
          Extension.authorityInfoAccess,
          false,
          new AuthorityInformationAccess(
              AccessDescription.id_ad_caIssuers,
              new GeneralName(
                  GeneralName.uniformResourceIdentifier,
                  pointers.get().caCertificateUrl(IssuingCa.idOf(root)).toString())));
    }
    return sign(builder, rootKey);
  }

  /**
   * @param names DNS names and IP addresses, at least one; the first becomes the common name
   */
  X509Certificate server(PublicKey key, IssuingCa ca, List<ServerName> names) throws IOException {
    X500Name subject = CertificateParts.commonName(names.getFirst().text());
    var builder =
        builder(
            CertificateParts.subjectOf(ca.certificate()),
            subject,
            key,
            SERVER_LIFE,
            Optional.of(ca.certificate()));
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    builder.addExtension(
        Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
    builder.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(names.stream().map(ServerName::asn1).toArray(GeneralName[]::new)));
    builder.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        CertificateParts.subjectKeyIdentifier(CertificateParts.spki(key)));
    builder.addExtension(
        Extension.authorityKeyIdentifier,
        false,
        CertificateParts.authorityKeyIdentifier(ca.certificate()));
    return sign(builder, ca.key());
  }

  private X509v3CertificateBuilder builder(
      X500Name issuer,
      X500Name subject,
      PublicKey key,
      Duration life,
      Optional<X509Certificate> above) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant end = now.plus(life);
    if (above.isPresent() && end.isAfter(above.get().getNotAfter().toInstant())) {
      end = above.get().getNotAfter().toInstant();
    }
    return new X509v3CertificateBuilder(
        issuer,
        CertificateParts.serial(random),
        Date.from(now.minus(BACKDATED)),
        Date.from(end),
        subject,
        CertificateParts.spki(key));
  }

  private X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key)
      throws IOException {
    try {
      var signer =
          new JcaContentSignerBuilder("SHA256withECDSA").setSecureRandom(random).build(key);
      return Pem.certificate(builder.build(signer).getEncoded());
    } catch (OperatorCreationException | CertificateException e) {
      throw new IllegalStateException("the JDK signs by ECDSA", e);
    }
  }

  /**
   * Two CA keys must never share a name, or one's CRL would speak about the other's certificates.
   */
  private X500Name caName(String title) {
    byte[] distinct = new byte[4];
    random.nextBytes(distinct);
    return CertificateParts.commonName(title + " " + HexFormat.of().formatHex(distinct));
  }
}
