package io.sallyport.authority;

import java.io.OutputStream;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.operator.ContentSigner;

/** Stands in the place of a signer where a certificate is looked at before it is signed. */
record NoSignature(AlgorithmIdentifier algorithm) implements ContentSigner {

  @Override
  public AlgorithmIdentifier getAlgorithmIdentifier() {
    return algorithm;
  }

  @Override
  public OutputStream getOutputStream() {
    return OutputStream.nullOutputStream();
  }

  @Override
  public byte[] getSignature() {
    return new byte[0];
  }
}
