package io.sallyport.feed;

/** What a change concerns; its subject is the id of that thing. */
public enum ChangeKind {
  /** A device's state, segments or existence; subject: the device id. */
  DEVICE,
  /** A certificate's registration or revocation; subject: the thumbprint in hexadecimal. */
  CERTIFICATE,
  /** Anchors or intermediates; subject: the id of the CA certificate. */
  TRUST,
  /** The end of a grant; subject: the grant id. */
  GRANT,
  /** A replica's signing key; subject: the kid. */
  SIGNING_KEY
}
