package io.sallyport.authority;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.audit.FailureEvents;
import io.sallyport.authority.EnrolmentRequests.Submission;
import io.sallyport.authority.Redemption.Cause;
import io.sallyport.authority.Redemption.Granted;
import io.sallyport.authority.Redemption.Refused;
import io.sallyport.authority.Redemption.WrongCode;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import io.sallyport.limit.FailedAttempts;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Enrolment as its HTTP interfaces use it: attempts are counted, outcomes become problems. */
@Singleton
public class Enrolment {

  static final int ATTEMPTS_PER_DEVICE = 10;
  static final int ATTEMPTS_PER_SOURCE = 100;

  /** How often one network may ask without a code; a laptop that waits asks each half minute. */
  static final int ASKS_PER_SOURCE = 300;

  private static final Logger LOG = Logger.getLogger(Enrolment.class);
  private static final String METRIC = "sallyport.enrolments";

  private final RedeemCode redeem;
  private final EnrolmentRequests requests;
  private final FailedAttempts attempts;
  private final FailureEvents failures;
  private final MeterRegistry metrics;

  Enrolment(
      RedeemCode redeem,
      EnrolmentRequests requests,
      FailedAttempts attempts,
      FailureEvents failures,
      MeterRegistry metrics) {
    this.redeem = redeem;
    this.requests = requests;
    this.attempts = attempts;
    this.failures = failures;
    this.metrics = metrics;
  }

  /**
   * Trades a code for a certificate.
   *
   * @param user what was given as the user's name: should be a device id
   * @param code what was given as the password
   * @param pkcs10 the request as it came
   * @return the DER of the device's certificate
   * @throws ProblemException 400 for a bad request, 401 for a wrong device or code, 403 if the code
   *     gives nothing, 429 after too many wrong codes
   */
  byte[] enrol(String user, String code, byte[] pkcs10, SourceAddress source) {
    String bySource = "source:" + source.limitedNetwork().getHostAddress();
    if (attempts.exhausted(bySource, ATTEMPTS_PER_SOURCE)) {
      throw counted("rate_limited", tooMany());
    }
    Optional<DeviceId> device = device(user);
    String byDevice = "device:" + device.map(DeviceId::toString).orElse("");
    if (device.isPresent() && attempts.exhausted(byDevice, ATTEMPTS_PER_DEVICE)) {
      throw counted("rate_limited", tooMany());
    }
    VerifiedCsr csr = read(pkcs10);
    Optional<EnrolmentCode> typed = EnrolmentCode.parse(code);
    Redemption redemption =
        device.isPresent() && typed.isPresent()
            ? redeem.redeem(device.get(), typed.get(), csr, source)
            : new WrongCode();
    switch (redemption) {
      case Granted granted -> {
        metrics
            .counter(METRIC, "outcome", granted.again() ? "granted_again" : "granted")
            .increment();
        return granted.leafDer();
      }
      case WrongCode _ -> {
        attempts.record(bySource);
        if (device.isPresent()) {
          attempts.record(byDevice);
        }
        failures.failed("enrolment.refused", null, source, "wrongCode");
        throw counted("wrong_code", wrongCode());
      }
      case Refused refused -> {
        if (refused.cause() == Cause.KEY_MISMATCH) {
          LOG.warnf(
              "an enrolment code of device %s that one key has redeemed was tried with another key, from %s",
              device.get(), source.host());
        }
        failures.failed(
            "enrolment.refused",
            device.map(DeviceId::toString).orElse(null),
            source,
            refused.cause().name().toLowerCase(Locale.ROOT));
        throw counted(refused.cause().name().toLowerCase(Locale.ROOT), problem(refused.cause()));
      }
    }
  }

  /**
   * Asks for a certificate that an operator must approve.
   *
   * @param user what was given as the user's name: should be a device id
   * @return the DER of the certificate; empty if the device has to wait, or would have to for ever
   * @throws ProblemException 400 for a bad request, 401 if {@code user} is no device id, 403 if an
   *     operator said no or the device may have none, 429 if this network asks too often
   */
  Optional<byte[]> ask(String user, byte[] pkcs10, SourceAddress source) {
    String bySource = "request:" + source.limitedNetwork().getHostAddress();
    if (attempts.exhausted(bySource, ASKS_PER_SOURCE)) {
      throw counted("rate_limited", tooMany());
    }
    attempts.record(bySource);
    DeviceId device = device(user).orElseThrow(() -> counted("wrong_code", wrongCode()));
    return switch (requests.submit(device, read(pkcs10), source)) {
      case Submission.Waiting _ -> {
        metrics.counter(METRIC, "outcome", "waiting").increment();
        yield Optional.empty();
      }
      case Submission.Granted granted -> {
        metrics
            .counter(METRIC, "outcome", granted.again() ? "granted_again" : "granted")
            .increment();
        yield Optional.of(granted.leafDer());
      }
      case Submission.Rejected(var comment) ->
          throw counted(
              "rejected",
              refusal(
                  "enrolment_rejected",
                  "The enrolment request was rejected",
                  comment == null ? "ask your administrator" : comment,
                  List.of()));
      case Submission.Refused refused ->
          throw counted(refused.cause().name().toLowerCase(Locale.ROOT), problem(refused.cause()));
    };
  }

  private VerifiedCsr read(byte[] pkcs10) {
    try {
      return CsrReader.read(pkcs10);
    } catch (CsrException e) {
      throw counted("bad_request", Problem.invalidField("pkcs10", e.getMessage()));
    }
  }

  private static Optional<DeviceId> device(String user) {
    try {
      return Optional.of(DeviceId.parse(user));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private ProblemException counted(String outcome, Problem problem) {
    metrics.counter(METRIC, "outcome", outcome).increment();
    return new ProblemException(problem);
  }

  private Problem tooMany() {
    return new Problem(
        "rate_limited",
        "Too many failed attempts",
        429,
        "try again in " + attempts.untilNextWindow().toSeconds() + " seconds",
        List.of("rate_limited"),
        null,
        List.of());
  }

  /**
   * One answer for an unknown device and for a wrong code: it must not tell which devices exist.
   */
  static Problem wrongCode() {
    return Problem.of(
        "enrolment_code_wrong",
        "Device id or enrolment code is wrong",
        401,
        "sign in by HTTP Basic: the device id as user, its enrolment code as password");
  }

  private static Problem problem(Cause cause) {
    return switch (cause) {
      case CODE_EXPIRED -> dead("enrolment_code_expired", "The enrolment code has expired");
      case CODE_VOIDED -> dead("enrolment_code_voided", "The enrolment code was withdrawn");
      case CERTIFICATE_REVOKED ->
          dead("enrolment_code_voided", "The certificate this code gave was revoked");
      case KEY_MISMATCH ->
          refusal(
              "enrolment_code_used",
              "The enrolment code belongs to another key",
              "the code was redeemed by another key; if that was not you, tell your administrator",
              List.of());
      case KEY_COMPROMISED ->
          refusal(
              "key_compromised",
              "The key was reported as compromised",
              "make a new key and send the request again",
              List.of());
      case DEVICE_SUSPENDED ->
          refusal(
              "device_suspended",
              "The device is suspended",
              "ask your administrator to activate it",
              List.of("device_suspended"));
      case DEVICE_RETIRED ->
          refusal(
              "device_retired",
              "The device is retired",
              "it can't be enrolled again",
              List.of("device_retired"));
    };
  }

  private static Problem dead(String code, String title) {
    return refusal(code, title, "ask your administrator for a new code", List.of());
  }

  private static Problem refusal(String code, String title, String detail, List<String> reasons) {
    return new Problem(code, title, 403, detail, reasons, null, List.of());
  }
}
