package io.sallyport.authority;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ocsp.CertID;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.ocsp.OCSPRequest;
import org.bouncycastle.asn1.ocsp.Request;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;

/**
 * An OCSP request (RFC 6960 section 4.1) within our bounds. A signature on it is not looked at:
 * everybody may ask.
 *
 * @param certificates at least one
 * @param nonce the extension as it came, to be echoed
 */
record OcspQuestion(List<CertID> certificates, Optional<Extension> nonce) {

  /** More than any client asks for at once: a whole chain. */
  static final int MOST_CERTIFICATES = 8;

  /** Nested so deep at most: a parser that recurses must not be driven further. */
  private static final int DEPTH = 16;

  /** RFC 9654 section 2.1. */
  private static final int LONGEST_NONCE = 128;

  OcspQuestion {
    certificates = List.copyOf(certificates);
  }

  /** These octets are no request that we answer. */
  static final class Malformed extends Exception {
    private static final long serialVersionUID = 1;

    Malformed(String message) {
      super(message, null, false, false);
    }
  }

  static OcspQuestion parse(byte[] der) throws Malformed {
    if (!DerShape.wellNested(der, DEPTH)) {
      throw new Malformed("not DER");
    }
    OCSPRequest request;
    try {
      request = OCSPRequest.getInstance(ASN1Primitive.fromByteArray(der));
    } catch (IOException | RuntimeException e) {
      // Bouncy Castle refuses a wrong shape by whatever exception comes first.
      throw new Malformed("not an OCSPRequest");
    }
    if (request == null) {
      throw new Malformed("empty");
    }
    try {
      var asked = request.getTbsRequest().getRequestList();
      if (asked.size() < 1 || asked.size() > MOST_CERTIFICATES) {
        throw new Malformed("between 1 and " + MOST_CERTIFICATES + " certificates at once");
      }
      List<CertID> certificates =
          Arrays.stream(asked.toArray()).map(one -> Request.getInstance(one).getReqCert()).toList();
      // Their parts are read here, so that a wrong one is found while nothing is signed.
      certificates.forEach(OcspQuestion::read);
      return new OcspQuestion(certificates, nonce(request.getTbsRequest().getRequestExtensions()));
    } catch (RuntimeException e) {
      throw new Malformed("not an OCSPRequest");
    }
  }

  private static void read(CertID id) {
    id.getHashAlgorithm().getAlgorithm();
    id.getIssuerNameHash().getOctets();
    id.getIssuerKeyHash().getOctets();
    id.getSerialNumber().getValue();
  }

  private static Optional<Extension> nonce(Extensions extensions) throws Malformed {
    if (extensions == null) {
      return Optional.empty();
    }
    for (var id : extensions.getCriticalExtensionOIDs()) {
      if (!id.equals(OCSPObjectIdentifiers.id_pkix_ocsp_nonce)) {
        throw new Malformed("a critical extension that is not known");
      }
    }
    Extension nonce = extensions.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce);
    if (nonce == null) {
      return Optional.empty();
    }
    int length = ASN1OctetString.getInstance(nonce.getParsedValue()).getOctets().length;
    if (length < 1 || length > LONGEST_NONCE) {
      throw new Malformed("a nonce has between 1 and 128 octets");
    }
    return Optional.of(nonce);
  }
}
