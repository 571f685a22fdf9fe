package io.sallyport.authority;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.authority.RenewalOutcome.Cause;
import io.sallyport.authority.RenewalOutcome.Refused;
import io.sallyport.authority.RenewalOutcome.Renewed;
import io.sallyport.authority.RenewalOutcome.TooOften;
import io.sallyport.authority.RenewalStore.AtHand;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.KeyProtection;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Gives a device a new certificate for the one it has just proven to hold.
 *
 * <pre>
 *   good ── renewed ──▶ good for the grace time ──▶ ended at the doors, then "superseded" on the CRL
 * </pre>
 *
 * <p>The names are the registry's as they are today: what the request says of them is not read.
 * What was vouched for of the old key's keeping holds for the same key, not for a new one. Renewing
 * early is allowed, since nothing is gained by it; a device that goes on and on is stopped after
 * {@value #MOST} renewals a day, or in the life of a certificate if that is shorter.
 *
 * <p>The barrier: one transaction locks the device and the certificate, and everything is checked
 * after both locks are held, as the door's decision may be overtaken by a suspension.
 */
@ApplicationScoped
public class RenewCertificate {

  static final int MOST = 10;

  private static final Duration LONGEST_WINDOW = Duration.ofDays(1);

  private final RenewalStore renewals;
  private final CodeStore store;
  private final DeviceRegistry registry;
  private final CertificateIssuer issuer;
  private final AuditLog audit;
  private final RenewalSettings settings;
  private final Clock clock;
  private final Uuids ids;

  RenewCertificate(
      RenewalStore renewals,
      CodeStore store,
      DeviceRegistry registry,
      CertificateIssuer issuer,
      AuditLog audit,
      RenewalSettings settings,
      Clock clock,
      Uuids ids) {
    this.renewals = renewals;
    this.store = store;
    this.registry = registry;
    this.issuer = issuer;
    this.audit = audit;
    this.settings = settings;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * On return of {@code Renewed}, the new certificate is registered and recorded and the old one
   * has its end, all by one commit. An answer that was lost may be asked for again: the same
   * certificate and the same key give the same new certificate.
   *
   * @param atHand the certificate whose key the device has proven to hold, in this very connection
   *     or by signing this very request
   * @param protocol by which it was asked for, for the record
   * @throws io.sallyport.identity.ProblemException if the registry refuses the certificate; nothing
   *     was changed then
   */
  @Transactional
  RenewalOutcome renew(
      DeviceId device,
      CertificateThumbprint atHand,
      VerifiedCsr csr,
      SourceAddress source,
      String protocol) {
    // The device first, as whoever suspends or revokes it does: two orders would deadlock.
    Optional<EnrollingDevice> found = registry.locked(device);
    if (found.isEmpty() || !found.get().active()) {
      return new Refused(Cause.DEVICE_NOT_ACTIVE);
    }
    byte[] keyHash = csr.keyHash();
    Optional<AtHand> locked = renewals.lock(device, atHand, keyHash);
    Instant now = clock.instant();
    if (locked.isEmpty() || locked.get().revoked() || now.isAfter(locked.get().goodUntil())) {
      return new Refused(Cause.CERTIFICATE_ENDED);
    }
    if (!locked.get().ours()) {
      // Whoever can issue there would have a foothold here that outlives the trust in them.
      return new Refused(Cause.ISSUED_ELSEWHERE);
    }
    if (store.compromised(keyHash)) {
      return new Refused(Cause.KEY_COMPROMISED);
    }
    Duration life = locked.get().life();
    Duration window = life.compareTo(LONGEST_WINDOW) < 0 ? life : LONGEST_WINDOW;
    Instant since = now.minus(window);
    Optional<byte[]> earlier = renewals.earlier(atHand, keyHash, since);
    if (earlier.isPresent()) {
      return new Renewed(earlier.get(), true);
    }
    Optional<Instant> limiting = renewals.nthNewest(device, MOST, since);
    if (limiting.isPresent()) {
      return new TooOften(Duration.between(now, limiting.get().plus(window)));
    }
    return issue(
        device,
        found.get(),
        atHand,
        csr,
        locked.get().protectionOf(keyHash),
        source,
        protocol,
        now);
  }

  private RenewalOutcome issue(
      DeviceId device,
      EnrollingDevice details,
      CertificateThumbprint atHand,
      VerifiedCsr csr,
      KeyProtection protection,
      SourceAddress source,
      String protocol,
      Instant now) {
    IssuedCertificate issued = issuer.issue(IssuanceRequest.of(device, details, csr));
    Instant oldEnd = now.plus(settings.grace());
    store.recordIssuance(device, issued, "renewal:" + atHand.hex(), now);
    renewals.record(device, atHand, issued, csr.keyHash(), now);
    renewals.end(atHand, oldEnd);
    audit.appendChange(
        new ChangeRecord(
            ids.next(),
            now,
            "certificate.renew",
            "device:" + device,
            source.host(),
            device,
            issued.thumbprint(),
            Map.of("thumbprint", atHand.hex()),
            Map.of(
                "thumbprint", issued.thumbprint().hex(),
                "protocol", protocol,
                "serial", IssuerAndSerial.of(issued.leaf()).serial(),
                "notAfter", issued.leaf().getNotAfter().toInstant().toString(),
                "oldEndsAt", oldEnd.toString())));
    registry.register(device, issued, protection, "device:" + device, source.host());
    return new Renewed(issued.der(), false);
  }
}
