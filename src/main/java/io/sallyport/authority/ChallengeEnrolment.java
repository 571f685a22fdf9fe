package io.sallyport.authority;

import io.sallyport.authority.Redemption.WrongCode;
import io.sallyport.identity.SourceAddress;
import io.sallyport.registry.KeyFingerprint;
import jakarta.inject.Singleton;
import java.security.PublicKey;

/**
 * Enrolment for a protocol whose messages carry a code but no device: 128 random bits name their
 * device by themselves. The caller counts failed attempts.
 */
@Singleton
public class ChallengeEnrolment {

  private final RedeemCode redeem;

  ChallengeEnrolment(RedeemCode redeem) {
    this.redeem = redeem;
  }

  /**
   * Trades a code for a certificate. On return of {@code Granted}, all of it is committed.
   *
   * @param challenge what was given as the code; never in a log, an error or a record
   * @throws io.sallyport.identity.ProblemException if the registry refuses the certificate
   */
  public Redemption redeem(String challenge, VerifiedCsr csr, SourceAddress source) {
    return EnrolmentCode.parse(challenge)
        .map(code -> redeem.redeemChallenge(code, csr, source))
        .orElseGet(WrongCode::new);
  }

  /**
   * The certificate that a code gave to {@code proven}, as long as that code lives; {@code
   * WrongCode} if there is none.
   *
   * @param proven a key whose possession the caller has seen proven
   */
  public Redemption collect(PublicKey proven) {
    return redeem.collect(KeyFingerprint.of(proven));
  }
}
