package io.sallyport.authority;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A root outside of this house that signs issuing CAs for it. */
final class TestCa {

  final KeyPair keys;
  final X509Certificate certificate;

  private TestCa(KeyPair keys, X509Certificate certificate) {
    this.keys = keys;
    this.certificate = certificate;
  }

  static TestCa root(Instant start) throws Exception {
    KeyPair keys = Csrs.p256();
    var name = new X500Principal("CN=Company root " + random());
    return new TestCa(
        keys, signed(keys, name, keys.getPublic(), name, start, 3650, Optional.empty()));
  }

  X509Certificate issuing(PublicKey key, String name, Instant start, int days) throws Exception {
    return issuing(key, name, start, days, Optional.empty());
  }

  X509Certificate issuing(
      PublicKey key, String name, Instant start, int days, Optional<NameConstraints> constraints)
      throws Exception {
    return signed(
        keys,
        certificate.getSubjectX500Principal(),
        key,
        new X500Principal("CN=" + name),
        start,
        days,
        constraints);
  }

  private static X509Certificate signed(
      KeyPair signer,
      X500Principal issuer,
      PublicKey key,
      X500Principal subject,
      Instant start,
      int days,
      Optional<NameConstraints> constraints)
      throws Exception {
    var builder =
        new JcaX509v3CertificateBuilder(
            issuer,
            random(),
            Date.from(start.minus(Duration.ofHours(1))),
            Date.from(start.plus(Duration.ofDays(days))),
            subject,
            key);
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
    builder.addExtension(
        Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    builder.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        CertificateParts.subjectKeyIdentifier(CertificateParts.spki(key)));
    if (!issuer.equals(subject)) {
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new AuthorityKeyIdentifier(
              CertificateParts.subjectKeyIdentifier(CertificateParts.spki(signer.getPublic()))
                  .getKeyIdentifier()));
    }
    if (constraints.isPresent()) {
      builder.addExtension(Extension.nameConstraints, true, constraints.get());
    }
    return Pem.certificate(
        builder
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate()))
            .getEncoded());
  }

  private static BigInteger random() {
    return new BigInteger(100, new SecureRandom());
  }
}
