package io.sallyport.authority;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.IssuingDistributionPoint;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * What stands around the entries of a signed list: {@code prefix}, the entries as they are in their
 * file, {@code suffix} are together a CertificateList (RFC 5280 section 5.1).
 *
 * @param sha256 of the three together
 */
record CrlFrame(byte[] prefix, byte[] suffix, byte[] sha256) {

  private static final int SEQUENCE = 0x30;
  private static final int BIT_STRING = 0x03;
  private static final int EXTENSIONS = 0xa0;
  private static final byte[] VERSION_2 = {0x02, 0x01, 0x01};
  private static final int BUFFER = 1 << 16;

  /** What a list says besides its entries; times in whole seconds. */
  record Heading(long number, Instant thisUpdate, Instant nextUpdate, URI distributionPoint) {}

  /**
   * Signs a list whose encoded entries are the content of {@code entries}, which may be empty. The
   * entries are streamed through the signature, so memory does not grow with them; only an Ed25519
   * key needs them whole, by the nature of its signature (RFC 8032 section 5.1.6).
   *
   * @throws IOException if the file can't be read or the key can't sign now
   */
  static CrlFrame sign(IssuingCa ca, Heading heading, Path entries, SecureRandom random)
      throws IOException {
    ContentSigner signer = signer(ca, random);
    long size = Files.size(entries);
    byte[] algorithm = signer.getAlgorithmIdentifier().getEncoded();
    byte[] opening = opening(ca, heading, algorithm, size);
    byte[] extensions = extensions(ca, heading);
    byte[] tbsHeader = header(SEQUENCE, opening.length + size + extensions.length);
    try (OutputStream toSign = signer.getOutputStream()) {
      toSign.write(tbsHeader);
      toSign.write(opening);
      copy(entries, toSign);
      toSign.write(extensions);
    }
    byte[] signature = signature(signer);
    byte[] suffix =
        concat(
            extensions,
            algorithm,
            header(BIT_STRING, signature.length + 1L),
            new byte[1],
            signature);
    long length = tbsHeader.length + opening.length + size + suffix.length;
    byte[] prefix = concat(header(SEQUENCE, length), tbsHeader, opening);
    return new CrlFrame(prefix, suffix, hash(prefix, entries, suffix));
  }

  private static ContentSigner signer(IssuingCa ca, SecureRandom random) throws IOException {
    try {
      return new JcaContentSignerBuilder(
              CertificateParts.signatureAlgorithm(ca.certificate().getPublicKey()))
          .setSecureRandom(random)
          .build(ca.key());
    } catch (OperatorCreationException e) {
      throw new IOException("the key of " + ca.id() + " can't sign", e);
    }
  }

  // The signature comes from a key that may be in a device of its own: Bouncy Castle wraps its
  // failure into an unchecked exception.
  private static byte[] signature(ContentSigner signer) throws IOException {
    try {
      return signer.getSignature();
    } catch (RuntimeException e) {
      throw new IOException("a CRL could not be signed", e);
    }
  }

  /** TBSCertList up to the entries, with the header of their sequence, which is absent if empty. */
  private static byte[] opening(IssuingCa ca, Heading heading, byte[] algorithm, long size)
      throws IOException {
    return concat(
        VERSION_2,
        algorithm,
        CertificateParts.subjectOf(ca.certificate()).getEncoded(),
        CrlEntry.time(heading.thisUpdate()),
        CrlEntry.time(heading.nextUpdate()),
        size == 0 ? new byte[0] : header(SEQUENCE, size));
  }

  private static byte[] extensions(IssuingCa ca, Heading heading) throws IOException {
    var generator = new ExtensionsGenerator();
    generator.addExtension(
        Extension.authorityKeyIdentifier,
        false,
        CertificateParts.authorityKeyIdentifier(ca.certificate()));
    generator.addExtension(
        Extension.cRLNumber, false, new CRLNumber(BigInteger.valueOf(heading.number())));
    generator.addExtension(
        Extension.issuingDistributionPoint,
        true,
        new IssuingDistributionPoint(
            CertificateIssuer.pointName(heading.distributionPoint()), false, false));
    byte[] extensions = generator.generate().getEncoded();
    return concat(header(EXTENSIONS, extensions.length), extensions);
  }

  private static byte[] hash(byte[] prefix, Path entries, byte[] suffix) throws IOException {
    MessageDigest digest = digest();
    digest.update(prefix);
    try (InputStream in = Files.newInputStream(entries)) {
      byte[] buffer = new byte[BUFFER];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
    return digest.digest(suffix);
  }

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static void copy(Path file, OutputStream out) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[BUFFER];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
      }
    }
  }

  /** Tag and DER length of a value. */
  private static byte[] header(int tag, long length) {
    var header = new ByteArrayOutputStream();
    header.write(tag);
    if (length < 0x80) {
      header.write((int) length);
    } else {
      byte[] octets = BigInteger.valueOf(length).toByteArray();
      int from = octets[0] == 0 ? 1 : 0;
      header.write(0x80 | octets.length - from);
      header.write(octets, from, octets.length - from);
    }
    return header.toByteArray();
  }

  private static byte[] concat(byte[]... parts) {
    var whole = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      whole.writeBytes(part);
    }
    return whole.toByteArray();
  }
}
