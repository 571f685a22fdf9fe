package io.sallyport.boot;

import io.sallyport.door.https.ServerIdentity;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;

/** Reads the server's certificate chain and key from their PEM files. */
record ServerFiles(Path certificate, Path key) {

  /**
   * @throws RefusedToStart naming the file and what is wrong with it; never repeating any of a key
   */
  ServerIdentity read() {
    List<X509Certificate> chain = chain();
    PrivateKey privateKey = privateKey();
    if (!belongs(privateKey, chain.getFirst())) {
      throw new RefusedToStart(
          "the key in " + key + " does not belong to the first certificate in " + certificate);
    }
    return new ServerIdentity(privateKey, chain);
  }

  private List<X509Certificate> chain() {
    List<X509Certificate> chain = new ArrayList<>();
    try (PEMParser parser = parser(certificate)) {
      for (Object block = parser.readObject(); block != null; block = parser.readObject()) {
        if (block instanceof X509CertificateHolder holder) {
          chain.add(new JcaX509CertificateConverter().getCertificate(holder));
        }
      }
    } catch (IOException | GeneralSecurityException e) {
      throw new RefusedToStart("the server certificate " + certificate + " can't be read", e);
    }
    if (chain.isEmpty()) {
      throw new RefusedToStart("there is no certificate in " + certificate);
    }
    return chain;
  }

  private PrivateKey privateKey() {
    try (PEMParser parser = parser(key)) {
      for (Object block = parser.readObject(); block != null; block = parser.readObject()) {
        if (block instanceof PrivateKeyInfo info) {
          return new JcaPEMKeyConverter().getPrivateKey(info);
        }
        if (block instanceof PEMKeyPair pair) {
          return new JcaPEMKeyConverter().getPrivateKey(pair.getPrivateKeyInfo());
        }
      }
    } catch (IOException e) {
      throw new RefusedToStart("the server key " + key + " can't be read");
    }
    throw new RefusedToStart("there is no unencrypted private key in " + key);
  }

  private static PEMParser parser(Path file) throws IOException {
    Reader text = new StringReader(Files.readString(file, StandardCharsets.ISO_8859_1));
    return new PEMParser(text);
  }

  private static boolean belongs(PrivateKey key, X509Certificate certificate) {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC", "ECDSA" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    try {
      byte[] probe = {1, 2, 3};
      var signer = java.security.Signature.getInstance(algorithm);
      signer.initSign(key);
      signer.update(probe);
      byte[] signature = signer.sign();
      signer.initVerify(certificate.getPublicKey());
      signer.update(probe);
      return signer.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
