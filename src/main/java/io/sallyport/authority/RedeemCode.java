package io.sallyport.authority;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.authority.Redemption.Cause;
import io.sallyport.authority.Redemption.Granted;
import io.sallyport.authority.Redemption.Refused;
import io.sallyport.authority.Redemption.WrongCode;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * Trades a one-time code and a proven key for a certificate.
 *
 * <pre>
 *   unused ── first key ──▶ bound to that key ── same key ──▶ the same certificate again
 *                                  └──────────── other key ─▶ refused, recorded, alerted
 *   any ── expiry, suspension, retirement, revocation ──▶ dead
 * </pre>
 *
 * <p>The barrier: one transaction locks the device and the code, and everything is checked after
 * both locks are held. A certificate exists for others only once that transaction has committed.
 */
@ApplicationScoped
public class RedeemCode {

  private final CodeStore store;
  private final DeviceRegistry registry;
  private final CertificateIssuer issuer;
  private final AuditLog audit;
  private final Clock clock;
  private final Uuids ids;

  RedeemCode(
      CodeStore store,
      DeviceRegistry registry,
      CertificateIssuer issuer,
      AuditLog audit,
      Clock clock,
      Uuids ids) {
    this.store = store;
    this.registry = registry;
    this.issuer = issuer;
    this.audit = audit;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * On return of {@code Granted}, the certificate is registered, recorded and bound to the code,
   * all by one commit. Refusals are values, so that what they record commits too. Counts no failed
   * attempts: the caller does.
   *
   * @throws io.sallyport.identity.ProblemException if the registry refuses the certificate; nothing
   *     was changed then
   */
  @Transactional
  Redemption redeem(DeviceId device, EnrolmentCode typed, VerifiedCsr csr, SourceAddress source) {
    return redeem(device, typed, csr, source, "est");
  }

  /**
   * The same for SCEP, which names no device: the code is found by its hash and says whose it is.
   */
  @Transactional
  Redemption redeemChallenge(EnrolmentCode typed, VerifiedCsr csr, SourceAddress source) {
    return store
        .deviceOf(typed)
        .map(device -> redeem(device, typed, csr, source, "scep"))
        .orElseGet(WrongCode::new);
  }

  /**
   * What a code gave to this key, once more and by the same rules; {@code WrongCode} if none did.
   * The caller has seen a proof of the key.
   */
  @Transactional
  Redemption collect(byte[] keyHash) {
    Optional<DeviceId> device = store.deviceBoundTo(keyHash);
    if (device.isEmpty()) {
      return new WrongCode();
    }
    Optional<EnrollingDevice> found = registry.locked(device.get());
    Optional<CodeRow> code = store.lockBoundTo(device.get(), keyHash);
    if (found.isEmpty() || code.isEmpty()) {
      return new WrongCode();
    }
    Optional<Cause> cause = whyNot(found.get(), code.get(), keyHash, clock.instant());
    return cause.isPresent() ? new Refused(cause.get()) : new Granted(code.get().issued(), true);
  }

  private Redemption redeem(
      DeviceId device,
      EnrolmentCode typed,
      VerifiedCsr csr,
      SourceAddress source,
      String protocol) {
    // The device first, as whoever suspends it does: two orders would deadlock.
    Optional<EnrollingDevice> found = registry.locked(device);
    if (found.isEmpty()) {
      return new WrongCode();
    }
    Optional<CodeRow> locked = store.lock(device, typed);
    if (locked.isEmpty()) {
      return new WrongCode();
    }
    CodeRow code = locked.get();
    Instant now = clock.instant();
    byte[] keyHash = csr.keyHash();
    Optional<Cause> cause = whyNot(found.get(), code, keyHash, now);
    if (cause.isPresent()) {
      if (cause.get() == Cause.KEY_MISMATCH) {
        record("enrolmentCode.keyMismatch", device, code, null, source, protocol, now);
      }
      return new Refused(cause.get());
    }
    if (code.boundKey() != null) {
      return new Granted(code.issued(), true);
    }
    return issue(device, found.get(), code, csr, source, protocol, now);
  }

  private Optional<Cause> whyNot(
      EnrollingDevice device, CodeRow code, byte[] keyHash, Instant now) {
    if (device.barredBy().isPresent()) {
      return device.barredBy();
    }
    if (code.voidedAt() != null) {
      return Optional.of(Cause.CODE_VOIDED);
    }
    if (code.boundKey() != null && !MessageDigest.isEqual(code.boundKey(), keyHash)) {
      return Optional.of(Cause.KEY_MISMATCH);
    }
    if (!now.isBefore(code.expiresAt())) {
      return Optional.of(Cause.CODE_EXPIRED);
    }
    if (store.compromised(keyHash)) {
      return Optional.of(Cause.KEY_COMPROMISED);
    }
    return code.issuedRevoked() ? Optional.of(Cause.CERTIFICATE_REVOKED) : Optional.empty();
  }

  private Redemption issue(
      DeviceId device,
      EnrollingDevice details,
      CodeRow code,
      VerifiedCsr csr,
      SourceAddress source,
      String protocol,
      Instant now) {
    IssuedCertificate issued = issuer.issue(IssuanceRequest.of(device, details, csr));
    store.recordIssuance(device, issued, "enrolmentCode:" + code.id(), now);
    store.bind(code, csr.keyHash(), issued, now);
    record("enrolmentCode.redeem", device, code, issued, source, protocol, now);
    record("certificate.issue", device, code, issued, source, protocol, now);
    registry.register(device, issued, code.protection(), "device:" + device, source.host());
    return new Granted(issued.der(), false);
  }

  private void record(
      String action,
      DeviceId device,
      CodeRow code,
      IssuedCertificate issued,
      SourceAddress source,
      String protocol,
      Instant now) {
    CertificateThumbprint thumbprint = issued == null ? null : issued.thumbprint();
    Map<String, Object> facts =
        issued == null
            ? Map.of("enrolmentCode", code.id().toString(), "protocol", protocol)
            : Map.of(
                "enrolmentCode", code.id().toString(),
                "protocol", protocol,
                "serial", IssuerAndSerial.of(issued.leaf()).serial(),
                "notAfter", issued.leaf().getNotAfter().toInstant().toString());
    audit.appendChange(
        new ChangeRecord(
            ids.next(),
            now,
            action,
            "device:" + device,
            source.host(),
            device,
            thumbprint,
            Map.of(),
            facts));
  }
}
