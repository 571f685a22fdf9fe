package io.sallyport.feed;

/** What a change concerns; its subject is the id of that thing. */
public enum ChangeKind {
  /** A device's state, segments, posture or existence; subject: the device id. */
  DEVICE,
  /** A certificate's registration or revocation; subject: the thumbprint in hexadecimal. */
  CERTIFICATE,
  /** Anchors or intermediates; subject: the id of the CA certificate. */
  TRUST,
  /**
   * An anchor lost something: it was removed, serves fewer kinds of device, or finds devices in
   * another way; subject: its id.
   */
  ANCHOR,
  /**
   * The revocation of a certificate that is not registered, but may be in use at this moment;
   * subject: serial and issuer key, both in hexadecimal, with {@code @} between them.
   */
  STRANGER,
  /** The end of a grant; subject: the grant id. */
  GRANT,
  /** A replica's signing key; subject: the kid. */
  SIGNING_KEY,
  /** New CRLs of one of our CAs; subject: the id of the CA. */
  CRL,
  /** Another policy is in force; subject: its version. */
  POLICY,
  /** What a segment opens; subject: its name. */
  SEGMENT,
  /** Who vouches for people; subject: the identity provider's id. */
  IDENTITY_PROVIDER
}
