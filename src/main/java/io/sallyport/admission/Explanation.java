package io.sallyport.admission;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A reason as the helpdesk reads it out.
 *
 * @param reason the stable code
 * @param sentence what is the matter
 * @param nextStep what to do about it
 */
public record Explanation(String reason, String sentence, String nextStep) {

  public static Explanation of(RefusalReason reason) {
    return new Explanation(reason.code(), reason.sentence(), nextStep(reason));
  }

  public static Explanation of(AdmissionDecision.Cause cause) {
    return new Explanation(
        cause.code(), cause.sentence(), "Try again in a minute; nothing is wrong with the device.");
  }

  /** The explanations of these codes; one that is unknown here, of a later version, is left out. */
  public static List<Explanation> ofCodes(List<String> codes) {
    return codes.stream().map(Explanation::ofCode).flatMap(Optional::stream).toList();
  }

  private static Optional<Explanation> ofCode(String code) {
    return Arrays.stream(RefusalReason.values())
        .filter(reason -> reason.code().equals(code))
        .map(Explanation::of)
        .findFirst()
        .or(
            () ->
                Arrays.stream(AdmissionDecision.Cause.values())
                    .filter(cause -> cause.code().equals(code))
                    .map(Explanation::of)
                    .findFirst());
  }

  private static String nextStep(RefusalReason reason) {
    return switch (reason) {
      case NO_CERTIFICATE ->
          "Give the device a code (POST /api/v1/enrolments) and enrol it, or have its client present"
              + " the certificate it has.";
      case MALFORMED_CERTIFICATE -> "Enrol the device again: its certificate file is damaged.";
      case PROOF_FAILED ->
          "Check that the device uses the key its certificate was made for. If it does, somebody else"
              + " has copied the certificate: revoke it.";
      case REVOKED ->
          "If the device is in the right hands, activate it, give it a new code and enrol it with a"
              + " new key.";
      case EXPIRED -> "Renew the certificate, or enrol the device again. Check the device's clock.";
      case NOT_YET_VALID -> "Check the clocks of the device and of its CA, and try again later.";
      case UNTRUSTED_ISSUER ->
          "Enrol the device here, or have its CA added to the trust anchors for this kind of device.";
      case WRONG_USAGE -> "Have the CA issue a certificate for client authentication.";
      case WEAK_KEY -> "Have the device make a stronger key and enrol it again.";
      case PATH_INVALID ->
          "Ask whoever runs the CA: the certificate breaks a constraint of a CA above it.";
      case REVOCATION_UNKNOWN ->
          "Ask the network's operators: the CA's revocation list or responder is missing or out of"
              + " date (GET /api/v1/trust-anchors/{id}/health).";
      case UNKNOWN_DEVICE ->
          "Register the device and attach this certificate to it, or enrol the device.";
      case DEVICE_PENDING -> "Activate the device once it is ready for use.";
      case DEVICE_SUSPENDED -> "Find out why it was suspended; then activate it.";
      case DEVICE_QUARANTINED -> "Have the device checked and cleaned; then activate it.";
      case DEVICE_RETIRED -> "A retired device stays out. Register it anew if it is in use again.";
      case POLICY_DENIED ->
          "Compare the device's record with the rule that decided; change the one or the other.";
      case POSTURE_MISSING ->
          "Have the device's management report the missing fact, and try again.";
      case USER_REQUIRED -> "Have the person sign in on the device, and try again.";
      case USER_INVALID -> "Have the person sign out and in again.";
      case BINDING_MISMATCH ->
          "Have the client use this device's own id and token. If it did, somebody may have copied a"
              + " token: end its grants.";
      case GRANT_ENDED -> "Have the device join again.";
      case PROTOCOL_MISMATCH -> "Update the device's client to one that speaks TLS 1.3.";
      case HANDSHAKE_TIMEOUT, PEER_CLOSED ->
          "Check the network between the device and here, and try again.";
      case NOT_TLS -> "Have the client speak TLS to this port.";
      case RATE_LIMITED ->
          "Wait a minute. If it goes on, find what is trying from this network without a certificate.";
    };
  }
}
