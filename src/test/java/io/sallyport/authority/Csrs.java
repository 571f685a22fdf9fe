package io.sallyport.authority;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Makes keys and requests as a device would. */
final class Csrs {

  private Csrs() {}

  static KeyPair ec(String curve) throws Exception {
    var generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    return generator.generateKeyPair();
  }

  static KeyPair p256() throws Exception {
    return ec("secp256r1");
  }

  static KeyPair rsa(int bits) throws Exception {
    var generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(bits);
    return generator.generateKeyPair();
  }

  static KeyPair ed25519() throws Exception {
    return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  }

  static byte[] der(KeyPair keys, String algorithm) throws Exception {
    return der(keys.getPublic(), keys.getPrivate(), algorithm);
  }

  /** A request that names one key and is signed by another's owner, unless they are a pair. */
  static byte[] der(PublicKey named, PrivateKey signer, String algorithm) throws Exception {
    return new JcaPKCS10CertificationRequestBuilder(
            new X500Principal("CN=what I call myself"), named)
        .build(new JcaContentSignerBuilder(algorithm).build(signer))
        .getEncoded();
  }

  static VerifiedCsr verified(KeyPair keys) throws Exception {
    return CsrReader.read(der(keys, "SHA256withECDSA"));
  }
}
