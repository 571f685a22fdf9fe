package io.sallyport.authority.scep;

import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;

/**
 * A client's message whose outside could be read. Whether its signature holds is not said: that is
 * {@link VerifiedMessage}'s to say.
 *
 * @param type as on the wire
 * @param transactionId what the client calls the exchange; echoed, never interpreted
 * @param signer the certificate that came along for the signature; only its own word so far
 * @param digest by which it was signed
 */
record PkiMessage(
    String type,
    String transactionId,
    byte[] senderNonce,
    X509Certificate signer,
    ASN1ObjectIdentifier digest,
    Signed signed) {

  /** The signed bytes, as the reader of the signature needs them. */
  record Signed(org.bouncycastle.cms.SignerInformation by, byte[] content) {}

  PkiMessage {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(transactionId, "transactionId");
    senderNonce = senderNonce.clone();
    Objects.requireNonNull(signer, "signer");
    Objects.requireNonNull(digest, "digest");
    Objects.requireNonNull(signed, "signed");
  }

  @Override
  public byte[] senderNonce() {
    return senderNonce.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PkiMessage that
        && type.equals(that.type)
        && transactionId.equals(that.transactionId)
        && Arrays.equals(senderNonce, that.senderNonce)
        && signer.equals(that.signer);
  }

  @Override
  public int hashCode() {
    return Objects.hash(type, transactionId, Arrays.hashCode(senderNonce), signer);
  }

  @Override
  public String toString() {
    return "PkiMessage[type="
        + type
        + ", transactionId="
        + transactionId
        + ", senderNonce="
        + HexFormat.of().formatHex(senderNonce)
        + "]";
  }
}
