package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;

import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Makes lists, good ones and others. */
public final class TestCrl {

  private final X509v2CRLBuilder builder;
  private TestAuthority signer;
  private String algorithm = "SHA256withECDSA";

  private TestCrl(TestAuthority issuer, Instant thisUpdate, Instant nextUpdate) {
    this.signer = issuer;
    this.builder =
        new X509v2CRLBuilder(
            X500Name.getInstance(issuer.certificate().getSubjectX500Principal().getEncoded()),
            Date.from(thisUpdate));
    if (nextUpdate != null) {
      builder.setNextUpdate(Date.from(nextUpdate));
    }
  }

  public static TestCrl of(TestAuthority issuer, long number) {
    return at(issuer, number, NOW.minusSeconds(60), NOW.plus(Duration.ofDays(1)));
  }

  public static TestCrl at(
      TestAuthority issuer, long number, Instant thisUpdate, Instant nextUpdate) {
    return new TestCrl(issuer, thisUpdate, nextUpdate)
        .with(Extension.cRLNumber, false, new CRLNumber(BigInteger.valueOf(number)));
  }

  public static TestCrl delta(TestAuthority issuer, long number, long base) {
    return of(issuer, number).with(Extension.deltaCRLIndicator, true, new ASN1Integer(base));
  }

  public TestCrl revoke(BigInteger serial, int reason) {
    builder.addCRLEntry(serial, Date.from(NOW.minusSeconds(3_600)), reason);
    return this;
  }

  public TestCrl revoke(TestAuthority.Issued leaf) {
    return revoke(leaf.certificate().getSerialNumber(), CRLReason.keyCompromise);
  }

  public TestCrl revokeWithCriticalExtension(BigInteger serial) throws IOException {
    ExtensionsGenerator extensions = new ExtensionsGenerator();
    extensions.addExtension(
        new ASN1ObjectIdentifier("1.3.6.1.4.1.55738.666.2"), true, new ASN1Integer(1));
    Extensions made = extensions.generate();
    builder.addCRLEntry(serial, Date.from(NOW), made);
    return this;
  }

  public TestCrl revokeOfIssuer(BigInteger serial, String issuerName) throws IOException {
    ExtensionsGenerator extensions = new ExtensionsGenerator();
    extensions.addExtension(
        Extension.certificateIssuer,
        true,
        new GeneralNames(new GeneralName(new X500Name(issuerName))));
    builder.addCRLEntry(serial, Date.from(NOW), extensions.generate());
    return this;
  }

  public TestCrl with(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value) {
    try {
      builder.addExtension(oid, critical, value);
      return this;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  public TestCrl scope(String point, boolean users, boolean cas, boolean indirect) {
    return with(
        Extension.issuingDistributionPoint,
        true,
        new IssuingDistributionPoint(
            point == null
                ? null
                : new DistributionPointName(
                    new GeneralNames(
                        new GeneralName(GeneralName.uniformResourceIdentifier, point))),
            users,
            cas,
            null,
            indirect,
            false));
  }

  public TestCrl signedBy(TestAuthority other) {
    this.signer = other;
    return this;
  }

  public TestCrl algorithm(String name) {
    this.algorithm = name;
    return this;
  }

  public byte[] der() {
    try {
      return builder
          .build(new JcaContentSignerBuilder(algorithm).build(signer.keys().getPrivate()))
          .getEncoded();
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  public String pem() {
    return TestAuthority.pem("X509 CRL", der());
  }
}
