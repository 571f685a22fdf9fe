package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.admission.Stranger.Candidate;
import io.sallyport.registry.DeviceState;
import io.sallyport.trust.ChainFault;
import io.sallyport.trust.ChainVerdict;
import io.sallyport.trust.EvidenceVerdict;
import io.sallyport.trust.PathValidator;
import io.sallyport.trust.PresentedChain;
import io.sallyport.trust.TrustStore;
import io.sallyport.trust.ValidatedChain;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Makes every check of a certificate that needs no request, for the handshake and for each request
 * alike.
 */
public final class Assessor {

  private static final String RECOGNITION = "recognition";
  private static final String ISSUERS = "issuers";
  private static final String ANCHOR = "anchor";
  private static final String MAPPING = "mapping";

  private final StandingQuery standings;
  private final StrangerQuery strangers;
  private final TrustStore trust;
  private final PathValidator paths;
  private final IssuerEvidence evidence;

  public Assessor(
      StandingQuery standings,
      StrangerQuery strangers,
      TrustStore trust,
      PathValidator paths,
      IssuerEvidence evidence) {
    this.standings = standings;
    this.strangers = strangers;
    this.trust = trust;
    this.paths = paths;
    this.evidence = evidence;
  }

  /** If it is sound, its device is known, and so is its anchor. */
  Assessment assess(PresentedChain chain, Instant now) throws StoreUnavailableException {
    Assessment assessment = new Assessment();
    Optional<Standing> standing = standings.of(chain.thumbprint());
    if (standing.isPresent() && isRecognised(standing.get())) {
      assessment.recognised(standing.get());
      checkStanding(standing.get(), chain, now, assessment);
    } else {
      assessment.unrecognised(chain);
      checkStranger(chain, now, assessment);
    }
    return assessment;
  }

  /**
   * What the registry alone says of a certificate that was registered once, its device's state
   * included. Its issuer is not asked.
   *
   * @param standing empty if its row does not carry our MAC
   */
  static Assessment registered(Optional<Standing> standing, Instant now) {
    Assessment assessment = new Assessment();
    if (standing.isEmpty()) {
      assessment.failed(RECOGNITION, RefusalReason.UNKNOWN_DEVICE);
      return assessment;
    }
    assessment.recognised(standing.get());
    if (isRecognised(standing.get())) {
      checkRegistration(standing.get(), now, assessment);
    } else {
      assessment.failed(
          RECOGNITION, RefusalReason.UNKNOWN_DEVICE, ANCHOR, standing.get().anchor().name());
    }
    checkLifecycle(assessment);
    return assessment;
  }

  /** Whether the device that is known by now may come in at all. */
  static void checkLifecycle(Assessment assessment) {
    DeviceState state = assessment.known().state();
    RefusalReason lifecycle =
        switch (state) {
          case ACTIVE -> null;
          case PENDING -> RefusalReason.DEVICE_PENDING;
          case SUSPENDED -> RefusalReason.DEVICE_SUSPENDED;
          case QUARANTINED -> RefusalReason.DEVICE_QUARANTINED;
          case RETIRED -> RefusalReason.DEVICE_RETIRED;
        };
    if (lifecycle == null) {
      assessment.passed("lifecycle", "state", state.wire());
    } else {
      assessment.failed("lifecycle", lifecycle, "state", state.wire());
    }
  }

  /** What can be said while the registry is away: it may be sound and still be nobody's. */
  Assessment withoutStore(PresentedChain chain, Instant now) {
    Assessment assessment = new Assessment();
    assessment.unrecognised(chain);
    path(chain, now, assessment);
    return assessment;
  }

  // Whose path is not trusted any more is told so; whose anchor finds devices in another way now
  // has to be found in that way.
  static boolean isRecognised(Standing standing) {
    return standing.bound() || standing.anchor() == null || standing.distrustedIssuers() > 0;
  }

  private void checkStanding(
      Standing standing, PresentedChain chain, Instant now, Assessment assessment)
      throws StoreUnavailableException {
    checkRegistration(standing, now, assessment);
    if (needsEvidence(standing)) {
      evidence.check(standing.anchor(), belowAnchor(standing, chain.leaf()), now, assessment);
    }
  }

  /** Whether an outside CA has a say in this certificate. */
  static boolean needsEvidence(Standing standing) {
    return standing.anchor() != null
        && standing.distrustedIssuers() == 0
        && !standing.anchor().registryIsEvidence();
  }

  /** The leaf and the CA certificates of its path, the anchor left out. */
  List<X509Certificate> belowAnchor(Standing standing, X509Certificate leaf)
      throws StoreUnavailableException {
    List<X509Certificate> belowAnchor = new ArrayList<>();
    belowAnchor.add(leaf);
    belowAnchor.addAll(
        issuers(() -> trust.certificates(standing.path().subList(0, standing.path().size() - 1))));
    return belowAnchor;
  }

  /**
   * What {@link #assess} and {@link #checkLifecycle} say of a certificate that is recognised, with
   * an outside CA's verdict at hand.
   *
   * @param verdict null if none is wanted
   */
  static Assessment recognised(Standing standing, EvidenceVerdict verdict, Instant now) {
    Assessment assessment = new Assessment();
    assessment.recognised(standing);
    checkRegistration(standing, now, assessment);
    if (verdict != null && needsEvidence(standing)) {
      IssuerEvidence.note(standing.anchor(), verdict, assessment);
    }
    checkLifecycle(assessment);
    return assessment;
  }

  private static void checkRegistration(Standing standing, Instant now, Assessment assessment) {
    var certificate = standing.certificate();
    assessment.passed(RECOGNITION, "deviceVersion", Long.toString(standing.deviceVersion()));
    if (now.isBefore(certificate.notBefore())) {
      assessment.failed(
          "validity", RefusalReason.NOT_YET_VALID, "notBefore", certificate.notBefore().toString());
    } else if (now.isAfter(standing.notAfter())) {
      assessment.failed(
          "validity", RefusalReason.EXPIRED, "notAfter", standing.notAfter().toString());
    } else {
      assessment.passed("validity", "notAfter", standing.notAfter().toString());
    }
    boolean trusted = standing.anchor() != null && standing.distrustedIssuers() == 0;
    checkIssuers(standing.anchor(), trusted, standing.issuerRevoked(), assessment);
    checkRevocation(standing.revocation(), standing.anchor(), assessment);
  }

  private interface Read {
    List<X509Certificate> run() throws SQLException;
  }

  private static List<X509Certificate> issuers(Read read) throws StoreUnavailableException {
    try {
      return read.run();
    } catch (SQLException e) {
      throw new StoreUnavailableException(Cause.STORE_UNAVAILABLE, e);
    }
  }

  /** Whether the path is trusted, and for this kind of device. */
  private static void checkIssuers(
      StandingAnchor anchor, boolean trusted, boolean revoked, Assessment assessment) {
    if (revoked) {
      assessment.failed(ISSUERS, RefusalReason.REVOKED, "issuer", "revoked");
    } else if (!trusted) {
      assessment.failed(ISSUERS, RefusalReason.UNTRUSTED_ISSUER, "issuer", "removed");
    } else if (!anchor.serves()) {
      assessment.failed(
          ISSUERS,
          RefusalReason.UNTRUSTED_ISSUER,
          ANCHOR,
          anchor.name(),
          "kind",
          anchor.kind().wire());
    } else {
      assessment.passed(ISSUERS, ANCHOR, anchor.name());
    }
  }

  // For our own authority this is the issuer's word; for an outside CA it is ours besides.
  private static void checkRevocation(
      Optional<Standing.Revocation> revocation, StandingAnchor anchor, Assessment assessment) {
    if (revocation.isPresent()) {
      assessment.failed(
          "revocation",
          RefusalReason.REVOKED,
          "source",
          "registry",
          "reason",
          revocation.get().reason(),
          "revokedAt",
          revocation.get().at().toString());
    } else if (anchor != null && anchor.registryIsEvidence()) {
      assessment.passed("revocation", "source", "registry", ANCHOR, anchor.name());
    } else {
      assessment.passed("revocation", "source", "registry");
    }
  }

  /**
   * Names every reason why a certificate that is not recognised is refused; it is not if its
   * anchor's mapping leads to one device.
   */
  private void checkStranger(PresentedChain chain, Instant now, Assessment assessment)
      throws StoreUnavailableException {
    Optional<ValidatedChain> valid = path(chain, now, assessment);
    if (valid.isPresent()) {
      checkMapping(valid.get(), strangers.of(valid.get()), now, assessment);
      return;
    }
    if (assessment.reasons().contains(RefusalReason.UNTRUSTED_ISSUER)
        || assessment.reasons().contains(RefusalReason.MALFORMED_CERTIFICATE)) {
      // Nobody we trust vouches for its names: whether they are registered or revoked says nothing
      // about it.
      return;
    }
    checkRevocation(strangers.revocationOf(chain.leaf()), null, assessment);
    assessment.failed(RECOGNITION, RefusalReason.UNKNOWN_DEVICE);
  }

  private void checkMapping(
      ValidatedChain chain, Stranger stranger, Instant now, Assessment assessment)
      throws StoreUnavailableException {
    Stranger.Anchor anchor = stranger.anchor();
    if (anchor == null || !stranger.issuersTrusted()) {
      // This replica's anchors in memory are older than the table.
      checkIssuers(null, false, stranger.issuerRevoked(), assessment);
      return;
    }
    checkRevocation(stranger.revocation(), null, assessment);
    if (stranger.candidates().size() != 1) {
      assessment.failed(
          RECOGNITION,
          RefusalReason.UNKNOWN_DEVICE,
          ANCHOR,
          anchor.name(),
          MAPPING,
          anchor.mapping().wire(),
          "devices",
          stranger.candidates().isEmpty() ? "none" : "ambiguous");
      return;
    }
    Candidate device = stranger.candidates().getFirst();
    StandingAnchor towards = anchor.towards(device.kind());
    assessment.mapped(chain, device, towards);
    assessment.passed(
        RECOGNITION,
        MAPPING,
        anchor.mapping().wire(),
        "deviceVersion",
        Long.toString(device.version()));
    checkIssuers(towards, true, false, assessment);
    if (!towards.registryIsEvidence()) {
      List<X509Certificate> belowAnchor = new ArrayList<>();
      belowAnchor.add(chain.leaf());
      belowAnchor.addAll(chain.issuers().subList(0, chain.issuers().size() - 1));
      evidence.check(towards, belowAnchor, now, assessment);
    }
  }

  private Optional<ValidatedChain> path(PresentedChain chain, Instant now, Assessment assessment) {
    return switch (paths.judge(chain, trust.current(), now)) {
      case ChainVerdict.Valid(ValidatedChain valid) -> {
        assessment.passed("path");
        yield Optional.of(valid);
      }
      case ChainVerdict.Rejected rejected -> {
        assessment.failed("path", reasons(rejected.faults()));
        yield Optional.empty();
      }
    };
  }

  private static Set<RefusalReason> reasons(Set<ChainFault> faults) {
    Set<RefusalReason> reasons = EnumSet.noneOf(RefusalReason.class);
    for (ChainFault fault : faults) {
      reasons.add(
          switch (fault) {
            case MALFORMED -> RefusalReason.MALFORMED_CERTIFICATE;
            case UNTRUSTED_ISSUER -> RefusalReason.UNTRUSTED_ISSUER;
            case EXPIRED -> RefusalReason.EXPIRED;
            case NOT_YET_VALID -> RefusalReason.NOT_YET_VALID;
            case WRONG_USAGE -> RefusalReason.WRONG_USAGE;
            case WEAK_KEY -> RefusalReason.WEAK_KEY;
            case PATH_INVALID -> RefusalReason.PATH_INVALID;
          });
    }
    return reasons;
  }
}
