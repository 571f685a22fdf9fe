package io.sallyport.authority;

import java.util.Objects;

/** How an attempt to trade a code for a certificate ended. */
public sealed interface Redemption {

  /**
   * The certificate is registered and the transaction may commit.
   *
   * @param again whether it had been issued before, to the same code and key
   */
  record Granted(byte[] leafDer, boolean again) implements Redemption {
    public Granted {
      Objects.requireNonNull(leafDer, "leafDer");
    }
  }

  /** No device of this id has this code. */
  record WrongCode() implements Redemption {}

  /** The code is right, but nothing is given for it. */
  record Refused(Cause cause) implements Redemption {
    public Refused {
      Objects.requireNonNull(cause, "cause");
    }
  }

  /** Why a right code gives nothing. */
  enum Cause {
    CODE_EXPIRED,
    CODE_VOIDED,
    /** The code was redeemed by another key before: somebody saw it who should not have. */
    KEY_MISMATCH,
    /** The certificate that the code gave was revoked since. */
    CERTIFICATE_REVOKED,
    KEY_COMPROMISED,
    DEVICE_SUSPENDED,
    DEVICE_RETIRED
  }
}
