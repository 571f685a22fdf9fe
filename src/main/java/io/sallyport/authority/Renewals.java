package io.sallyport.authority;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.authority.RenewalOutcome.Cause;
import io.sallyport.authority.RenewalOutcome.Refused;
import io.sallyport.authority.RenewalOutcome.Renewed;
import io.sallyport.authority.RenewalOutcome.TooOften;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import jakarta.inject.Singleton;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jboss.logging.Logger;

/** EST as the device door uses it: bytes in, bytes or a problem out. */
@Singleton
public class Renewals {

  private static final Logger LOG = Logger.getLogger(Renewals.class);
  private static final String METRIC = "sallyport.renewals";

  private final RenewCertificate renew;
  private final AuthorityMaterial authority;
  private final MeterRegistry metrics;

  Renewals(RenewCertificate renew, AuthorityMaterial authority, MeterRegistry metrics) {
    this.renew = renew;
    this.authority = authority;
    this.metrics = metrics;
  }

  /** What is answered. */
  public sealed interface Answer {

    /**
     * @param certsOnly the new certificate alone, as EST carries it (base64 of a PKCS#7)
     */
    record Certificate(byte[] certsOnly) implements Answer {
      public Certificate {
        Objects.requireNonNull(certsOnly, "certsOnly");
      }
    }

    /**
     * @param retryAfter null if waiting does not help
     */
    record Refusal(Problem problem, Duration retryAfter) implements Answer {
      public Refusal {
        Objects.requireNonNull(problem, "problem");
      }
    }
  }

  /**
   * Renews the certificate that {@code device} proved to hold. The caller has had this very request
   * decided: the device is admitted.
   *
   * @param pkcs10 the request as it came
   */
  public Answer renew(
      DeviceId device, CertificateThumbprint atHand, byte[] pkcs10, SourceAddress source) {
    VerifiedCsr csr;
    try {
      csr = CsrReader.read(pkcs10);
    } catch (CsrException e) {
      count("bad_request");
      return refusal(Problem.invalidField("pkcs10", e.getMessage()));
    }
    try {
      return switch (renew.renew(device, atHand, csr, source, "est")) {
        case Renewed renewed -> {
          count(renewed.again() ? "renewed_again" : "renewed");
          yield new Answer.Certificate(
              CertsOnly.base64(List.of(Pem.certificate(renewed.leafDer()))));
        }
        case Refused refused -> {
          count(refused.cause().name().toLowerCase(Locale.ROOT));
          yield refusal(problem(refused.cause()));
        }
        case TooOften tooOften -> {
          count("rate_limited");
          LOG.warnf("device %s renews its certificate again and again", device);
          yield new Answer.Refusal(tooOften(tooOften.pause()), tooOften.pause());
        }
      };
    } catch (ProblemException e) {
      count("refused");
      return refusal(e.problem());
    } catch (CertificateException e) {
      throw new IllegalStateException("a certificate just made can be read", e);
    }
  }

  /** The CA certificates, for clients that know only the device door (RFC 7030 section 4.1). */
  public byte[] caCertificates() {
    return CertsOnly.base64(authority.caCertificates());
  }

  /** What a request should look like (RFC 7030 section 4.5). */
  public byte[] csrAttributes() {
    return CsrAttributes.base64();
  }

  private void count(String outcome) {
    metrics.counter(METRIC, "outcome", outcome).increment();
  }

  private static Answer refusal(Problem problem) {
    return new Answer.Refusal(problem, null);
  }

  private static Problem tooOften(Duration wait) {
    return new Problem(
        "rate_limited",
        "The certificate was renewed too often",
        429,
        "keep the newest certificate; renew again in " + wait.toSeconds() + " seconds at the least",
        List.of("rate_limited"),
        null,
        List.of());
  }

  private static Problem problem(Cause cause) {
    return switch (cause) {
      case DEVICE_NOT_ACTIVE ->
          refused(
              "device_not_active",
              "The device is not active",
              "ask your administrator to activate it");
      case CERTIFICATE_ENDED ->
          refused(
              "certificate_ended",
              "The certificate has ended",
              "ask your administrator for a code and enrol again");
      case ISSUED_ELSEWHERE ->
          refused(
              "issued_elsewhere",
              "Another authority issued this certificate",
              "renew it there, or ask your administrator for a code to enrol here");
      case KEY_COMPROMISED ->
          refused(
              "key_compromised",
              "The key was reported as compromised",
              "make a new key and send the request again");
    };
  }

  private static Problem refused(String code, String title, String detail) {
    return Problem.of(code, title, 403, detail);
  }
}
