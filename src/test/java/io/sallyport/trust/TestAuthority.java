package io.sallyport.trust;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Makes certificates for tests, good ones unless told otherwise: valid from a day before {@link
 * #NOW} to a year after it, P-256, SHA-256; a leaf with clientAuth and digitalSignature, a CA with
 * cA and keyCertSign.
 *
 * <pre>{@code
 * TestAuthority root = TestAuthority.root("Root");
 * TestAuthority issuing = root.intermediate("Issuing", ca -> ca.pathLength(0));
 * Issued laptop = issuing.leaf("laptop", leaf -> leaf.dns("laptop.example"));
 * }</pre>
 */
public final class TestAuthority {

  /** The moment that certificates are valid at. */
  public static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

  private static final Provider BOUNCY_CASTLE = new BouncyCastleProvider();
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Map<KeyType, KeyPair> EXPENSIVE = new EnumMap<>(KeyType.class);

  public enum KeyType {
    P256("EC", "secp256r1", "SHA256withECDSA"),
    P384("EC", "secp384r1", "SHA384withECDSA"),
    P521("EC", "secp521r1", "SHA512withECDSA"),
    /** A curve that the JDK doesn't have. */
    SECP256K1("EC", "secp256k1", "SHA256withECDSA"),
    RSA2048("RSA", "2048", "SHA256withRSA"),
    RSA1024("RSA", "1024", "SHA256withRSA"),
    DSA2048("DSA", "2048", "SHA256withDSA"),
    ED25519("Ed25519", "", "Ed25519"),
    ED448("Ed448", "", "Ed448");

    private final String algorithm;
    private final String parameter;
    private final String signature;

    KeyType(String algorithm, String parameter, String signature) {
      this.algorithm = algorithm;
      this.parameter = parameter;
      this.signature = signature;
    }

    /** RSA and DSA pairs are made once and shared: tests need their kind, not their novelty. */
    public KeyPair generate() {
      try {
        if (algorithm.equals("RSA") || algorithm.equals("DSA")) {
          synchronized (EXPENSIVE) {
            KeyPair pair = EXPENSIVE.get(this);
            if (pair == null) {
              KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
              generator.initialize(Integer.parseInt(parameter));
              pair = generator.generateKeyPair();
              EXPENSIVE.put(this, pair);
            }
            return pair;
          }
        }
        KeyPairGenerator generator =
            this == SECP256K1
                ? KeyPairGenerator.getInstance(algorithm, BOUNCY_CASTLE)
                : KeyPairGenerator.getInstance(algorithm);
        if (!parameter.isEmpty()) {
          generator.initialize(new ECGenParameterSpec(parameter));
        }
        return generator.generateKeyPair();
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** A certificate and the private key of its subject. */
  public record Issued(X509Certificate certificate, KeyPair keys) {

    public PrivateKey key() {
      return keys.getPrivate();
    }

    public String pem() {
      return TestAuthority.pem(certificate);
    }

    /** PKCS #8. */
    public String keyPem() {
      return TestAuthority.pem("PRIVATE KEY", key().getEncoded());
    }
  }

  /** The knobs. */
  public static final class Spec {
    private String subject;
    private Instant notBefore = NOW.minus(Duration.ofDays(1));
    private Instant notAfter = NOW.plus(Duration.ofDays(365));
    private BigInteger serial = new BigInteger(120, RANDOM).setBit(119);
    private KeyType keyType = KeyType.P256;
    private KeyPair keys;
    private String signature;
    private BasicConstraints basicConstraints;
    private Integer keyUsage;
    private KeyPurposeId[] purposes = {};
    private final List<GeneralName> names = new ArrayList<>();
    private final List<Extension> extensions = new ArrayList<>();

    public Spec subject(String distinguishedName) {
      this.subject = distinguishedName;
      return this;
    }

    public Spec validity(Instant notBefore, Instant notAfter) {
      this.notBefore = notBefore;
      this.notAfter = notAfter;
      return this;
    }

    public Spec expired() {
      return validity(NOW.minus(Duration.ofDays(30)), NOW.minus(Duration.ofDays(2)));
    }

    public Spec notYetValid() {
      return validity(NOW.plus(Duration.ofDays(2)), NOW.plus(Duration.ofDays(30)));
    }

    public Spec serial(long serial) {
      this.serial = BigInteger.valueOf(serial);
      return this;
    }

    public Spec key(KeyType type) {
      this.keyType = type;
      return this;
    }

    public Spec keys(KeyPair pair) {
      this.keys = pair;
      return this;
    }

    /** The JCA name of the algorithm this certificate is signed with, as {@code SHA1withRSA}. */
    public Spec signedWith(String algorithm) {
      this.signature = algorithm;
      return this;
    }

    /** Extended key usage; none leaves out the extension. */
    public Spec purposes(KeyPurposeId... purposes) {
      this.purposes = purposes;
      return this;
    }

    /** Bits of {@link KeyUsage}. */
    public Spec keyUsage(int bits) {
      this.keyUsage = bits;
      return this;
    }

    public Spec noKeyUsage() {
      this.keyUsage = null;
      return this;
    }

    public Spec ca(boolean ca) {
      this.basicConstraints = new BasicConstraints(ca);
      return this;
    }

    public Spec noBasicConstraints() {
      this.basicConstraints = null;
      return this;
    }

    public Spec pathLength(int length) {
      this.basicConstraints = new BasicConstraints(length);
      return this;
    }

    public Spec dns(String name) {
      return name(new GeneralName(GeneralName.dNSName, name));
    }

    public Spec uri(String name) {
      return name(new GeneralName(GeneralName.uniformResourceIdentifier, name));
    }

    public Spec name(GeneralName name) {
      names.add(name);
      return this;
    }

    public Spec permitDns(String... domains) {
      return constraints(new NameConstraints(subtrees(domains), null));
    }

    public Spec excludeDns(String... domains) {
      return constraints(new NameConstraints(null, subtrees(domains)));
    }

    public Spec constraints(NameConstraints constraints) {
      return extension(Extension.nameConstraints, true, constraints);
    }

    /** A critical extension that nobody knows. */
    public Spec unknownCriticalExtension() {
      return extension(new ASN1ObjectIdentifier("1.3.6.1.4.1.55738.666.1"), true, DERNull.INSTANCE);
    }

    public Spec extension(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value) {
      try {
        return extension(oid, critical, value.toASN1Primitive().getEncoded());
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    public Spec extension(ASN1ObjectIdentifier oid, boolean critical, byte[] value) {
      extensions.add(new Extension(oid, critical, value));
      return this;
    }

    private static GeneralSubtree[] subtrees(String... domains) {
      return Arrays.stream(domains)
          .map(domain -> new GeneralSubtree(new GeneralName(GeneralName.dNSName, domain)))
          .toArray(GeneralSubtree[]::new);
    }
  }

  private final Issued self;
  private final X500Name name;

  private TestAuthority(Issued self, X500Name name) {
    this.self = self;
    this.name = name;
  }

  public static TestAuthority root(String commonName) {
    return root(commonName, spec -> {});
  }

  public static TestAuthority root(String commonName, Consumer<Spec> knobs) {
    Spec spec = caSpec(commonName, knobs);
    KeyPair keys = keys(spec);
    X500Name name = new X500Name(spec.subject);
    return new TestAuthority(new Issued(build(spec, keys, name, keys), keys), name);
  }

  public TestAuthority intermediate(String commonName) {
    return intermediate(commonName, spec -> {});
  }

  public TestAuthority intermediate(String commonName, Consumer<Spec> knobs) {
    Spec spec = caSpec(commonName, knobs);
    return new TestAuthority(issue(spec), new X500Name(spec.subject));
  }

  /** Another certificate for the name and key of {@code other}, issued by this authority. */
  public TestAuthority crossSign(TestAuthority other, Consumer<Spec> knobs) {
    return intermediate(
        "unused",
        spec -> knobs.accept(spec.subject(other.name.toString()).keys(other.self.keys())));
  }

  public Issued leaf(String commonName) {
    return leaf(commonName, spec -> {});
  }

  public Issued leaf(String commonName, Consumer<Spec> knobs) {
    Spec spec =
        new Spec()
            .subject("CN=" + commonName)
            .purposes(KeyPurposeId.id_kp_clientAuth)
            .keyUsage(KeyUsage.digitalSignature);
    knobs.accept(spec);
    return issue(spec);
  }

  public X509Certificate certificate() {
    return self.certificate();
  }

  public KeyPair keys() {
    return self.keys();
  }

  public String pem() {
    return self.pem();
  }

  public static String pem(X509Certificate certificate) {
    try {
      return pem("CERTIFICATE", certificate.getEncoded());
    } catch (CertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  static String pem(String label, byte[] der) {
    String base64 =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
    return "-----BEGIN " + label + "-----\n" + base64 + "\n-----END " + label + "-----\n";
  }

  private Issued issue(Spec spec) {
    KeyPair keys = keys(spec);
    return new Issued(build(spec, keys, name, self.keys()), keys);
  }

  private static Spec caSpec(String commonName, Consumer<Spec> knobs) {
    Spec spec =
        new Spec()
            .subject("CN=" + commonName)
            .ca(true)
            .keyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign);
    knobs.accept(spec);
    return spec;
  }

  private static KeyPair keys(Spec spec) {
    return spec.keys != null ? spec.keys : spec.keyType.generate();
  }

  private static X509Certificate build(
      Spec spec, KeyPair subject, X500Name issuer, KeyPair signer) {
    try {
      SubjectPublicKeyInfo key = SubjectPublicKeyInfo.getInstance(subject.getPublic().getEncoded());
      X509v3CertificateBuilder builder =
          new X509v3CertificateBuilder(
              issuer,
              spec.serial,
              Date.from(spec.notBefore),
              Date.from(spec.notAfter),
              new X500Name(spec.subject),
              key);
      JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
      builder.addExtension(
          Extension.subjectKeyIdentifier,
          false,
          identifiers.createSubjectKeyIdentifier(subject.getPublic()));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          identifiers.createAuthorityKeyIdentifier(signer.getPublic()));
      if (spec.basicConstraints != null) {
        builder.addExtension(Extension.basicConstraints, true, spec.basicConstraints);
      }
      if (spec.keyUsage != null) {
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(spec.keyUsage));
      }
      if (spec.purposes.length > 0) {
        builder.addExtension(
            Extension.extendedKeyUsage, false, new ExtendedKeyUsage(spec.purposes));
      }
      if (!spec.names.isEmpty()) {
        builder.addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(spec.names.toArray(GeneralName[]::new)));
      }
      for (Extension extension : spec.extensions) {
        builder.addExtension(extension);
      }
      return read(builder.build(signer(spec, signer)));
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ContentSigner signer(Spec spec, KeyPair signer) throws OperatorCreationException {
    String algorithm = spec.signature != null ? spec.signature : signatureFor(signer);
    JcaContentSignerBuilder builder = new JcaContentSignerBuilder(algorithm);
    // The JDK knows no "SHA256withRSAandMGF1", only RSASSA-PSS with parameters.
    if (algorithm.endsWith("MGF1")
        || signer.getPrivate().getClass().getName().startsWith("org.bouncycastle.")) {
      builder.setProvider(BOUNCY_CASTLE);
    }
    return builder.build(signer.getPrivate());
  }

  private static String signatureFor(KeyPair signer) {
    AlgorithmIdentifier algorithm =
        SubjectPublicKeyInfo.getInstance(signer.getPublic().getEncoded()).getAlgorithm();
    return switch (algorithm.getAlgorithm().getId()) {
      case "1.2.840.113549.1.1.1" -> KeyType.RSA2048.signature;
      case "1.2.840.10040.4.1" -> KeyType.DSA2048.signature;
      case "1.3.101.112" -> KeyType.ED25519.signature;
      case "1.3.101.113" -> KeyType.ED448.signature;
      default -> KeyType.P256.signature;
    };
  }

  /**
   * As a TLS engine would hand it over: of the JDK, or of another library where the JDK can't load
   * the key.
   */
  private static X509Certificate read(X509CertificateHolder holder)
      throws CertificateException, IOException {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(holder.getEncoded()));
    } catch (CertificateException e) {
      return new JcaX509CertificateConverter().setProvider(BOUNCY_CASTLE).getCertificate(holder);
    }
  }
}
