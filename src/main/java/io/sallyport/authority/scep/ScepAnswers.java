package io.sallyport.authority.scep;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.authority.AuthorityMaterial;
import io.sallyport.authority.ChallengeEnrolment;
import io.sallyport.authority.IssuingCa;
import io.sallyport.authority.Redemption;
import io.sallyport.authority.RenewBySignature;
import io.sallyport.authority.RenewalOutcome;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import io.sallyport.limit.FailedAttempts;
import jakarta.inject.Singleton;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import org.jboss.logging.Logger;

/** Answers SCEP messages: reads, decides, writes; attempts are counted. */
@Singleton
class ScepAnswers {

  static final int ATTEMPTS_PER_SOURCE = 100;

  private static final Logger LOG = Logger.getLogger(ScepAnswers.class);
  private static final String METRIC = "sallyport.scep.messages";

  private final RegistrationAuthority registrationAuthority;
  private final ChallengeEnrolment enrolment;
  private final RenewBySignature renewal;
  private final AuthorityMaterial authority;
  private final FailedAttempts attempts;
  private final MeterRegistry metrics;
  private final Clock clock;
  private final SecureRandom random;
  private final ReplyWriter replies;
  private final Semaphore room;

  ScepAnswers(
      RegistrationAuthority registrationAuthority,
      ChallengeEnrolment enrolment,
      RenewBySignature renewal,
      AuthorityMaterial authority,
      FailedAttempts attempts,
      ScepSettings settings,
      MeterRegistry metrics,
      Clock clock,
      SecureRandom random) {
    this.registrationAuthority = registrationAuthority;
    this.enrolment = enrolment;
    this.renewal = renewal;
    this.authority = authority;
    this.attempts = attempts;
    this.metrics = metrics;
    this.clock = clock;
    this.random = random;
    this.replies = new ReplyWriter(clock, random);
    this.room = new Semaphore(settings.concurrent());
  }

  /**
   * The answer to one message: a signed CertRep, whether it grants or refuses.
   *
   * @throws UnreadableMessage if it can't be read
   * @throws ProblemException 429 after too many attempts from one source, 503 if too many are being
   *     answered or a standing can't be known now
   */
  byte[] answer(byte[] body, SourceAddress source) throws UnreadableMessage {
    String bySource = "source:" + source.limitedNetwork().getHostAddress();
    if (attempts.exhausted(bySource, ATTEMPTS_PER_SOURCE)) {
      count("rate_limited");
      throw new ProblemException(tooMany());
    }
    if (!room.tryAcquire()) {
      throw notNow("overloaded", "Too many messages are being answered");
    }
    try {
      PkiMessage message = MessageReader.read(body);
      return reply(message, source, bySource);
    } catch (UnreadableMessage e) {
      count("unreadable");
      throw e;
    } finally {
      room.release();
    }
  }

  private byte[] reply(PkiMessage message, SourceAddress source, String bySource) {
    RaCredential speaker = registrationAuthority.current();
    try {
      VerifiedMessage verified = VerifiedMessage.of(message, clock.instant());
      MessageType type = typeOf(verified);
      Envelope envelope = Envelope.read(verified.content());
      var to =
          registrationAuthority
              .addressed(envelope.recipients())
              .orElseThrow(
                  () ->
                      new ScepFailure(
                          FailInfo.BAD_MESSAGE_CHECK,
                          "encrypted for another certificate than the one of GetCACert"));
      // Who was asked answers: the client may not know another yet.
      speaker = to.credential();
      X509Certificate leaf =
          switch (type) {
            case PKCS_REQ -> enrolled(verified, envelope.open(to, random), source);
            case RENEWAL_REQ -> renewed(verified, envelope.open(to, random), source);
            // The key that signed says whose certificate is asked for; what the envelope says of
            // it is not needed, and so can't be probed.
            case CERT_POLL -> collected(verified, source);
          };
      return replies.success(
          speaker, message, envelope.contentAlgorithm(), List.of(leaf, issuerOf(leaf)));
    } catch (ScepFailure e) {
      if (e.isAttempt()) {
        attempts.record(bySource);
      }
      count(e.outcome());
      LOG.infof("SCEP from %s: %s, %s", source.host(), e.info().label(), e.getMessage());
      return replies.failure(speaker, message, e);
    }
  }

  /** What it asks for; and whoever has no certificate of ours yet has signed by one of his own. */
  private MessageType typeOf(VerifiedMessage verified) throws ScepFailure {
    MessageType type =
        MessageType.of(verified.message().type())
            .orElseThrow(
                () ->
                    new ScepFailure(
                        FailInfo.BAD_REQUEST,
                        "served are PKCSReq (19), RenewalReq (17) and CertPoll (20)"));
    switch (type) {
      case PKCS_REQ, CERT_POLL -> {
        if (!selfSigned(verified.signer())) {
          throw new ScepFailure(
              FailInfo.BAD_MESSAGE_CHECK,
              "sign by a self-signed certificate of the key that asks; renew by RenewalReq");
        }
      }
      case RENEWAL_REQ -> {
        // Before the envelope is opened: a stranger learns nothing of what is in it.
        var bar = renewal.whyNot(verified.signer());
        if (bar.isPresent()) {
          throw refused(bar.get());
        }
      }
    }
    return type;
  }

  private static boolean selfSigned(X509Certificate certificate) {
    try {
      certificate.verify(certificate.getPublicKey());
      return true;
    } catch (GeneralSecurityException | RuntimeException e) {
      return false;
    }
  }

  private X509Certificate enrolled(VerifiedMessage verified, byte[] inside, SourceAddress source)
      throws ScepFailure {
    OpenedRequest request = OpenedRequest.first(inside, verified.key());
    try {
      return leafOf(
          enrolment.redeem(request.challenge(), request.csr(), source),
          source,
          ScepFailure.attempt(FailInfo.BAD_REQUEST, "the challenge is wrong"));
    } catch (ProblemException e) {
      throw refusedByRegistry(e);
    }
  }

  private X509Certificate collected(VerifiedMessage verified, SourceAddress source)
      throws ScepFailure {
    return leafOf(
        enrolment.collect(verified.key()),
        source,
        ScepFailure.attempt(FailInfo.BAD_CERT_ID, "nothing was issued to the key that signed"));
  }

  private X509Certificate leafOf(Redemption redemption, SourceAddress source, ScepFailure wrong)
      throws ScepFailure {
    return switch (redemption) {
      case Redemption.Granted granted -> {
        count(granted.again() ? "granted_again" : "granted");
        yield parsed(granted.leafDer());
      }
      case Redemption.WrongCode _ -> throw wrong;
      case Redemption.Refused refused -> {
        if (refused.cause() == Redemption.Cause.KEY_MISMATCH) {
          LOG.warnf(
              "a SCEP challenge that one key has redeemed was tried with another key, from %s",
              source.host());
        }
        throw refused(refused.cause());
      }
    };
  }

  private X509Certificate renewed(VerifiedMessage verified, byte[] inside, SourceAddress source)
      throws ScepFailure {
    RenewBySignature.Outcome outcome;
    try {
      outcome = renewal.renew(verified.signer(), OpenedRequest.renewal(inside), source, "scep");
    } catch (ProblemException e) {
      throw refusedByRegistry(e);
    }
    return switch (outcome) {
      case RenewBySignature.Outcome.Bar bar -> throw refused(bar);
      case RenewBySignature.Outcome.Decided(RenewalOutcome.Renewed made) -> {
        count(made.again() ? "renewed_again" : "renewed");
        yield parsed(made.leafDer());
      }
      case RenewBySignature.Outcome.Decided(RenewalOutcome.Refused refused) ->
          throw refused(refused.cause());
      case RenewBySignature.Outcome.Decided(RenewalOutcome.TooOften tooOften) ->
          throw new ScepFailure(
              FailInfo.BAD_REQUEST,
              "renewed too often lately: try again in " + tooOften.pause().toSeconds() + " seconds",
              "too_often");
    };
  }

  private ScepFailure refused(RenewBySignature.Outcome.Bar bar) {
    return switch (bar) {
      case RenewBySignature.Outcome.NotInStanding _ -> notInStanding();
      case RenewBySignature.Outcome.NotNow _ ->
          throw notNow("store_unavailable", "The standing of the certificate can't be known now");
    };
  }

  private static ScepFailure refused(RenewalOutcome.Cause cause) {
    return switch (cause) {
      case CERTIFICATE_ENDED, ISSUED_ELSEWHERE -> notInStanding();
      case DEVICE_NOT_ACTIVE -> failure(cause, "the device is not active");
      case KEY_COMPROMISED -> failure(cause, "the key was reported as compromised: make a new one");
    };
  }

  private static ScepFailure failure(RenewalOutcome.Cause cause, String text) {
    return new ScepFailure(FailInfo.BAD_REQUEST, text, cause.name().toLowerCase(Locale.ROOT));
  }

  private static ScepFailure refused(Redemption.Cause cause) {
    return new ScepFailure(
        FailInfo.BAD_REQUEST, text(cause), cause.name().toLowerCase(Locale.ROOT));
  }

  private static ScepFailure notInStanding() {
    return ScepFailure.attempt(
        FailInfo.BAD_CERT_ID,
        "the certificate that signed is not one of ours in good standing: enrol anew by a challenge");
  }

  private static ScepFailure refusedByRegistry(ProblemException refusal) {
    return new ScepFailure(FailInfo.BAD_REQUEST, refusal.problem().title());
  }

  private static String text(Redemption.Cause cause) {
    return switch (cause) {
      case CODE_EXPIRED -> "the challenge has expired: ask your administrator for a new one";
      case CODE_VOIDED -> "the challenge was withdrawn: ask your administrator for a new one";
      case CERTIFICATE_REVOKED ->
          "the certificate of this challenge was revoked: ask your administrator for a new one";
      case KEY_MISMATCH ->
          "the challenge was used by another key; if that was not you, tell your administrator";
      case KEY_COMPROMISED -> "the key was reported as compromised: make a new one";
      case DEVICE_SUSPENDED -> "the device is suspended";
      case DEVICE_RETIRED -> "the device is retired";
    };
  }

  private X509Certificate issuerOf(X509Certificate leaf) {
    return authority.issuing().stream()
        .map(IssuingCa::certificate)
        .filter(ca -> RaStore.issued(ca, leaf))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no CA of ours issued what we gave out"));
  }

  private static X509Certificate parsed(byte[] der) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new IllegalStateException("a certificate of ours can't be read", e);
    }
  }

  private void count(String outcome) {
    metrics.counter(METRIC, "outcome", outcome).increment();
  }

  private ProblemException notNow(String code, String title) {
    count(code);
    return new ProblemException(
        new Problem(code, title, 503, "try again later", List.of(code), null, List.of()));
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
}
