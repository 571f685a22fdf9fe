package io.sallyport.authority.scep;

import org.bouncycastle.asn1.ASN1ObjectIdentifier;

/** The signed attributes of a SCEP message (RFC 8894 section 3.2.1). */
final class ScepAttributes {

  private static final ASN1ObjectIdentifier SCEP =
      new ASN1ObjectIdentifier("2.16.840.1.113733.1.9");

  static final ASN1ObjectIdentifier MESSAGE_TYPE = SCEP.branch("2");
  static final ASN1ObjectIdentifier PKI_STATUS = SCEP.branch("3");
  static final ASN1ObjectIdentifier FAIL_INFO = SCEP.branch("4");
  static final ASN1ObjectIdentifier SENDER_NONCE = SCEP.branch("5");
  static final ASN1ObjectIdentifier RECIPIENT_NONCE = SCEP.branch("6");
  static final ASN1ObjectIdentifier TRANSACTION_ID = SCEP.branch("7");
  static final ASN1ObjectIdentifier FAIL_INFO_TEXT = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.24.1");

  private ScepAttributes() {}
}
