package io.sallyport.faults;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** A client with a key and a certificate, and the device it is, if it is one. */
record Laptop(String device, X509Certificate certificate, SSLContext tls) {

  static final String JOIN = "grant_type=client_credentials";

  private static final char[] NO_PASSWORD = {};

  /** Registers a device and enrols it as RFC 7030 says. */
  static Laptop enrolled(Rest operator, X509Certificate root, String name) throws Exception {
    String device =
        operator
            .make(
                "/api/v1/devices",
                "{\"name\":\"%s\",\"kind\":\"laptop\",\"segments\":[\"corp\",\"wiki\"]}"
                    .formatted(name))
            .path("id")
            .asText();
    return enrolled(operator, root, device, operator.enrolmentCode(device));
  }

  static Laptop enrolled(Rest operator, X509Certificate root, String device, String code)
      throws Exception {
    return enrolled(operator, root, device, code, p256(), "SHA256withECDSA");
  }

  /** With keys of the caller's choice, and how they sign. */
  static Laptop enrolled(
      Rest operator,
      X509Certificate root,
      String device,
      String code,
      KeyPair keys,
      String algorithm)
      throws Exception {
    byte[] csr =
        new JcaPKCS10CertificationRequestBuilder(new X500Principal("CN=laptop"), keys.getPublic())
            .build(new JcaContentSignerBuilder(algorithm).build(keys.getPrivate()))
            .getEncoded();
    Answer answer =
        operator
            .as("Basic " + Rest.base64(device + ":" + code))
            .send(
                "POST",
                "/.well-known/est/simpleenroll",
                "application/pkcs10",
                Base64.getMimeEncoder().encodeToString(csr));
    if (answer.status() != 200) {
      throw new IllegalStateException("not enrolled: " + answer);
    }
    byte[] pkcs7 = Base64.getMimeDecoder().decode(answer.body());
    X509Certificate leaf =
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(pkcs7))
                .iterator()
                .next();
    return of(device, keys, leaf, root);
  }

  /** One whose certificate an authority signed that nobody trusts. */
  static Laptop foreign(X509Certificate root) throws Exception {
    KeyPair authority = p256();
    KeyPair keys = p256();
    Instant now = Instant.now();
    var builder =
        new JcaX509v3CertificateBuilder(
            new X500Principal("CN=Somebody Else's CA"),
            new BigInteger(64, new SecureRandom()),
            Date.from(now.minus(Duration.ofHours(1))),
            Date.from(now.plus(Duration.ofDays(1))),
            new X500Principal("CN=foreign laptop"),
            keys.getPublic());
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
    builder.addExtension(
        Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth));
    X509Certificate certificate =
        new JcaX509CertificateConverter()
            .getCertificate(
                builder.build(
                    new JcaContentSignerBuilder("SHA256withECDSA").build(authority.getPrivate())));
    return of(null, keys, certificate, root);
  }

  private static Laptop of(
      String device, KeyPair keys, X509Certificate certificate, X509Certificate root)
      throws Exception {
    KeyStore own = KeyStore.getInstance("PKCS12");
    own.load(null, null);
    own.setKeyEntry("laptop", keys.getPrivate(), NO_PASSWORD, new X509Certificate[] {certificate});
    KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("PKIX");
    keyManagers.init(own, NO_PASSWORD);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keyManagers.getKeyManagers(), trusting(root).getTrustManagers(), null);
    return new Laptop(device, certificate, tls);
  }

  static TrustManagerFactory trusting(X509Certificate root) throws Exception {
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    anchors.setCertificateEntry("root", root);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(anchors);
    return trust;
  }

  static KeyPair p256() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  /** Opens a connection that stays. */
  Line connect(int port) throws IOException {
    return new Line(tls, port);
  }

  /** A new connection and one token request on it; a failure is an answer too. */
  Answer join(int port) {
    long begun = System.nanoTime();
    try (Line line = connect(port)) {
      Answer answer = line.join();
      return new Answer(
          answer.status(), answer.headers(), answer.body(), null, begun, answer.endedNanos());
    } catch (IOException e) {
      return new Answer(0, Map.of(), "", e, begun, System.nanoTime());
    }
  }
}
