package io.sallyport.authority;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.revocation.RevocationReason;
import io.sallyport.revocation.RevokeCertificate;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.List;

/**
 * Tells the world that a replaced certificate has ended. Our doors know from its row, to the
 * second; whoever reads only CRLs and OCSP must hear it too, so what is over here is revoked as
 * {@code superseded}.
 */
@Singleton
public class SupersededCertificates {

  private static final int AT_ONCE = 500;

  private final RenewalStore renewals;
  private final RevokeCertificate revoke;
  private final Clock clock;

  SupersededCertificates(RenewalStore renewals, RevokeCertificate revoke, Clock clock) {
    this.renewals = renewals;
    this.revoke = revoke;
    this.clock = clock;
  }

  /**
   * Revokes certificates whose grace time is over, at most {@value #AT_ONCE} a call, each by a
   * transaction of its own, so that no other revocation ever waits for many. May run on every
   * replica at once.
   *
   * @return how many there were
   */
  public int revokeEnded() {
    List<CertificateThumbprint> ended = renewals.ended(clock.instant(), AT_ONCE);
    for (CertificateThumbprint thumbprint : ended) {
      revoke.revoke(thumbprint, RevocationReason.SUPERSEDED, "renewed", "system", null);
    }
    return ended.size();
  }
}
