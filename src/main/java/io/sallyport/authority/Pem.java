package io.sallyport.authority;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;

/** Certificates and keys as text (RFC 7468). Its errors never repeat what they read. */
final class Pem {

  private Pem() {}

  static byte[] of(X509Certificate... certificates) {
    var text = new StringWriter();
    try (var writer = new PemWriter(text)) {
      for (X509Certificate certificate : certificates) {
        writer.writeObject(new PemObject("CERTIFICATE", certificate.getEncoded()));
      }
    } catch (IOException | CertificateException e) {
      throw new IllegalStateException("a parsed certificate has an encoding", e);
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /** PKCS#8, not encrypted. */
  static byte[] of(PrivateKey key) {
    var text = new StringWriter();
    try (var writer = new PemWriter(text)) {
      writer.writeObject(new PemObject("PRIVATE KEY", key.getEncoded()));
    } catch (IOException e) {
      throw new IllegalStateException("a string can be written to", e);
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /**
   * Reads every certificate in {@code pem}, in order.
   *
   * @throws IllegalArgumentException saying what is wrong, if there is none or one can't be read
   */
  static List<X509Certificate> certificates(byte[] pem) {
    var certificates = new ArrayList<X509Certificate>();
    try (var parser = reader(pem)) {
      for (PemObject object = parser.readPemObject();
          object != null;
          object = parser.readPemObject()) {
        if ("CERTIFICATE".equals(object.getType())) {
          certificates.add(certificate(object.getContent()));
        }
      }
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException("holds a PEM block that can't be decoded");
    } catch (CertificateException e) {
      throw new IllegalArgumentException("holds a certificate that can't be decoded");
    }
    if (certificates.isEmpty()) {
      throw new IllegalArgumentException("holds no PEM block \"CERTIFICATE\"");
    }
    return certificates;
  }

  static X509Certificate certificate(byte[] der) throws CertificateException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  /**
   * Reads the first private key in {@code pem}: PKCS#8, or the older forms of EC and RSA keys.
   *
   * @throws IllegalArgumentException saying what is wrong, without a byte of what was read
   */
  static PrivateKey privateKey(byte[] pem) {
    try (var parser = reader(pem)) {
      for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
        switch (object) {
          case PrivateKeyInfo info -> {
            return new JcaPEMKeyConverter().getPrivateKey(info);
          }
          case PEMKeyPair pair -> {
            return new JcaPEMKeyConverter().getPrivateKey(pair.getPrivateKeyInfo());
          }
          case PKCS8EncryptedPrivateKeyInfo _ -> throw encrypted();
          case PEMEncryptedKeyPair _ -> throw encrypted();
          // EC PARAMETERS and certificates may stand before the key.
          default -> {}
        }
      }
    } catch (EncryptedKeyException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // The cause is dropped: a parser's message may quote its input.
      throw new IllegalArgumentException("holds a private key that can't be decoded");
    }
    throw new IllegalArgumentException("holds no PEM block \"PRIVATE KEY\"");
  }

  private static PEMParser reader(byte[] pem) {
    return new PEMParser(new StringReader(new String(pem, StandardCharsets.ISO_8859_1)));
  }

  private static EncryptedKeyException encrypted() {
    return new EncryptedKeyException();
  }

  private static final class EncryptedKeyException extends IllegalArgumentException {
    EncryptedKeyException() {
      super("holds an encrypted private key; give it as unencrypted PKCS#8 in a file of mode 0600");
    }
  }
}
