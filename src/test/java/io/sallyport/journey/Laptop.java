package io.sallyport.journey;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.trust.TestAuthority.Issued;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.util.Base64;
import java.util.UUID;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * A device as a client: what it presents, and where the files with it are.
 *
 * @param id null if nobody registered it
 * @param key what it signs with, which a thief's is not the certificate's
 */
record Laptop(
    UUID id, X509Certificate certificate, PrivateKey key, Path certificateFile, Path keyFile) {

  static Laptop of(UUID id, Issued issued) {
    return new Laptop(
        id,
        issued.certificate(),
        issued.key(),
        file(".crt", issued.pem()),
        file(".key", issued.keyPem()));
  }

  /**
   * A thief who saw the certificate but never its key. The key file names the certificate's public
   * point beside another scalar, which lets OpenSSL believe that the two belong together.
   */
  Laptop stolen() {
    try {
      KeyPair other = io.sallyport.trust.TestAuthority.KeyType.P256.generate();
      byte[] point =
          SubjectPublicKeyInfo.getInstance(certificate.getPublicKey().getEncoded())
              .getPublicKeyData()
              .getBytes();
      var sec1 =
          new org.bouncycastle.asn1.sec.ECPrivateKey(
              256,
              ((ECPrivateKey) other.getPrivate()).getS(),
              new DERBitString(point),
              SECObjectIdentifiers.secp256r1);
      String pem =
          "-----BEGIN EC PRIVATE KEY-----\n"
              + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(sec1.getEncoded())
              + "\n-----END EC PRIVATE KEY-----\n";
      return new Laptop(id, certificate, other.getPrivate(), certificateFile, file(".key", pem));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  CertificateThumbprint thumbprint() {
    try {
      return CertificateThumbprint.ofDer(certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path file(String ending, String text) {
    try {
      Path file = Files.createTempFile("laptop", ending);
      file.toFile().deleteOnExit();
      return Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
