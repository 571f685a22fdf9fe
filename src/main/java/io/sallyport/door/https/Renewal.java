package io.sallyport.door.https;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.SourceAddress;
import java.time.Duration;
import java.util.Objects;

/**
 * Enrolment over Secure Transport for devices that have a certificate (RFC 7030 section 4.2.2), as
 * the door needs it; the door knows no authority. Bodies are as they go over the wire, in base64.
 */
public interface Renewal {

  /** How a request for a new certificate ended. */
  sealed interface Outcome {

    /**
     * @param certsOnly the new certificate in a PKCS#7
     */
    record Renewed(byte[] certsOnly) implements Outcome {
      public Renewed {
        Objects.requireNonNull(certsOnly, "certsOnly");
      }
    }

    /**
     * @param retryAfter null if waiting does not help
     */
    record Refused(Problem problem, Duration retryAfter) implements Outcome {
      public Refused {
        Objects.requireNonNull(problem, "problem");
      }
    }
  }

  /**
   * A new certificate for the one at hand. Called only after the engine has admitted the device in
   * this very request; what it decided may have been overtaken, so the implementation looks again.
   *
   * @param atHand the certificate whose key the device has proven to hold
   */
  Outcome renew(DeviceId device, CertificateThumbprint atHand, byte[] pkcs10, SourceAddress source);

  /** The CA certificates in a PKCS#7. */
  byte[] caCertificates();

  /** What a request should look like (CsrAttrs). */
  byte[] csrAttributes();
}
