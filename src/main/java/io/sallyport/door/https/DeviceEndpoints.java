package io.sallyport.door.https;

import io.sallyport.admission.AdmissionDecision;
import io.sallyport.admission.AdmissionDecision.Admitted;
import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.admission.AdmissionDecision.Refused;
import io.sallyport.admission.AdmissionDecision.Undecided;
import io.sallyport.admission.AdmissionEngine;
import io.sallyport.admission.AdmissionRequest;
import io.sallyport.admission.AdmissionRequest.Purpose;
import io.sallyport.admission.LiveGrant;
import io.sallyport.admission.LiveGrants;
import io.sallyport.admission.StoreUnavailableException;
import io.sallyport.grant.SessionGrant;
import io.sallyport.grant.TokenMint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SubjectToken;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;

/**
 * The things a device may ask on 8443. Each is decided first; each blocks and runs on a virtual
 * thread.
 */
final class DeviceEndpoints {

  private static final Logger LOG = Logger.getLogger(DeviceEndpoints.class);

  private final AdmissionEngine engine;
  private final TokenMint mint;
  private final LiveGrants grants;
  private final Renewal renewal;
  private final GrantRevocation revocation;
  private final Clock clock;

  DeviceEndpoints(
      AdmissionEngine engine,
      TokenMint mint,
      LiveGrants grants,
      Renewal renewal,
      GrantRevocation revocation,
      Clock clock) {
    this.engine = engine;
    this.renewal = renewal;
    this.revocation = revocation;
    this.mint = mint;
    this.grants = grants;
    this.clock = clock;
  }

  /**
   * {@code POST /oauth2/token}: client credentials by mutual TLS (RFC 6749 section 4.4, RFC 8705
   * section 3), or token exchange (RFC 8693): the same, for a person at the device.
   */
  DoorAnswer token(Handshake handshake, String contentType, Buffer body) {
    TokenRequest request;
    try {
      request = TokenRequest.parse(contentType, body);
    } catch (TokenRequest.Malformed e) {
      return DoorAnswer.problem(e.problem(), e.oauthError()).forOAuth();
    }
    DoorAnswer answer =
        switch (decide(handshake, request)) {
          case Refused refused -> DoorAnswer.refused(refused);
          case Undecided undecided -> DoorAnswer.undecided(undecided);
          case Admitted admitted -> granted(admitted, request.subjectToken().isPresent());
        };
    return answer.forOAuth();
  }

  /** {@code POST /oauth2/revoke}: ends a grant of the device's own (RFC 7009). */
  DoorAnswer revoke(Handshake handshake, String contentType, Buffer body) {
    RevocationRequest request;
    try {
      request = RevocationRequest.parse(contentType, body);
    } catch (TokenRequest.Malformed e) {
      return DoorAnswer.problem(e.problem(), e.oauthError()).forOAuth();
    }
    DoorAnswer answer =
        switch (decide(handshake, Purpose.UPKEEP)) {
          case Refused refused -> DoorAnswer.refused(refused);
          case Undecided undecided -> DoorAnswer.undecided(undecided);
          case Admitted admitted -> revoked(handshake, admitted, request);
        };
    return answer.forOAuth();
  }

  private DoorAnswer revoked(Handshake handshake, Admitted admitted, RevocationRequest request) {
    try {
      return revocation.revoke(request, admitted.device(), handshake.source());
    } catch (SQLException | RuntimeException e) {
      LOG.warnf("a grant of device %s could not be ended: %s", admitted.device(), e);
      return storeUnavailable(admitted);
    }
  }

  private DoorAnswer granted(Admitted admitted, boolean exchanged) {
    SessionGrant grant = admitted.grant().orElseThrow();
    try {
      String token = mint.mint(grant);
      JsonObject answer =
          new JsonObject()
              .put("access_token", token)
              .put("token_type", "Bearer")
              .put("expires_in", Duration.between(clock.instant(), grant.expiresAt()).toSeconds())
              .put("scope", join(grant.segments()))
              .put("grant_id", grant.id().toString())
              .put("segments", names(grant.segments()))
              .put("decision_id", admitted.id().toString());
      if (exchanged) {
        // RFC 8693 section 2.2.1.
        answer.put("issued_token_type", SubjectToken.ACCESS_TOKEN);
      }
      return DoorAnswer.json(answer);
    } catch (SQLException e) {
      // The grant is on record but nobody holds its token; it ends by itself.
      return storeUnavailable(admitted);
    }
  }

  /** {@code GET /session}: who am I here, which segments, until when. */
  DoorAnswer session(Handshake handshake) {
    return switch (decide(handshake, Purpose.SESSION)) {
      case Refused refused -> DoorAnswer.refused(refused);
      case Undecided undecided -> DoorAnswer.undecided(undecided);
      case Admitted admitted -> described(handshake, admitted);
    };
  }

  private DoorAnswer described(Handshake handshake, Admitted admitted) {
    try {
      Optional<SessionGrant> grant =
          grants.newest(handshake.chain().thumbprint()).map(LiveGrant::grant);
      return DoorAnswer.json(
          new JsonObject()
              .put(
                  "device",
                  new JsonObject()
                      .put("id", admitted.device().toString())
                      .put("name", admitted.deviceName()))
              .put(
                  "certificate",
                  new JsonObject()
                      .put("thumbprint", handshake.chain().thumbprint().hex())
                      .put("notAfter", admitted.certificateNotAfter().toString()))
              .put("segments", names(admitted.segments()))
              .put("grant", grant.map(DeviceEndpoints::describe).orElse(null))
              .put("decisionId", admitted.id().toString()));
    } catch (StoreUnavailableException e) {
      return storeUnavailable(admitted);
    }
  }

  /** {@code DELETE /session}: leave. Ends every grant bound to this certificate. */
  DoorAnswer leave(Handshake handshake) {
    return switch (decide(handshake, Purpose.UPKEEP)) {
      case Refused refused -> DoorAnswer.refused(refused);
      case Undecided undecided -> DoorAnswer.undecided(undecided);
      case Admitted admitted -> left(handshake, admitted);
    };
  }

  private DoorAnswer left(Handshake handshake, Admitted admitted) {
    try {
      revocation.leave(handshake.chain().thumbprint(), admitted.device(), handshake.source());
      return DoorAnswer.nothing();
    } catch (RuntimeException e) {
      return storeUnavailable(admitted);
    }
  }

  /** {@code POST /.well-known/est/simplereenroll}: a new certificate for the one at hand. */
  DoorAnswer renew(Handshake handshake, String contentType, Buffer body) {
    DoorAnswer wrongType = EstEndpoints.wrongType(contentType);
    if (wrongType != null) {
      return wrongType;
    }
    return switch (decide(handshake, Purpose.UPKEEP)) {
      case Refused refused -> DoorAnswer.refused(refused);
      case Undecided undecided -> DoorAnswer.undecided(undecided);
      case Admitted admitted -> renewed(handshake, admitted, body);
    };
  }

  private DoorAnswer renewed(Handshake handshake, Admitted admitted, Buffer body) {
    try {
      return EstEndpoints.answer(
          renewal.renew(
              admitted.device(),
              handshake.chain().thumbprint(),
              body.getBytes(),
              handshake.source()));
    } catch (RuntimeException e) {
      // It may have been issued all the same: the same request gives it again.
      LOG.warnf("device %s could not renew: %s", admitted.device(), e);
      return storeUnavailable(admitted);
    }
  }

  /** {@code GET /.well-known/est/cacerts}. */
  DoorAnswer caCertificates(Handshake handshake) {
    return switch (decide(handshake, Purpose.UPKEEP)) {
      case Refused refused -> DoorAnswer.refused(refused);
      case Undecided undecided -> DoorAnswer.undecided(undecided);
      case Admitted _ -> EstEndpoints.certificates(renewal.caCertificates());
    };
  }

  /** {@code GET /.well-known/est/csrattrs}. */
  DoorAnswer csrAttributes(Handshake handshake) {
    return switch (decide(handshake, Purpose.UPKEEP)) {
      case Refused refused -> DoorAnswer.refused(refused);
      case Undecided undecided -> DoorAnswer.undecided(undecided);
      case Admitted _ -> EstEndpoints.attributes(renewal.csrAttributes());
    };
  }

  private AdmissionDecision decide(Handshake handshake, TokenRequest token) {
    return decide(
        handshake, Purpose.GRANT, token.clientId(), token.audiences(), token.subjectToken());
  }

  private AdmissionDecision decide(Handshake handshake, Purpose purpose) {
    return decide(handshake, purpose, Optional.empty(), List.of(), Optional.empty());
  }

  private AdmissionDecision decide(
      Handshake handshake,
      Purpose purpose,
      Optional<DeviceId> claimed,
      List<String> audiences,
      Optional<SubjectToken> subjectToken) {
    handshake.decided();
    AdmissionDecision decision =
        engine.decide(
            new AdmissionRequest(
                Door.HTTPS,
                handshake.source(),
                handshake.connection(),
                handshake.tls(),
                handshake.chain(),
                purpose,
                claimed,
                audiences,
                subjectToken));
    if (decision instanceof Admitted admitted) {
      handshake.admitted(admitted.device(), admitted.holdsUntil());
    }
    return decision;
  }

  private static DoorAnswer storeUnavailable(Admitted admitted) {
    return DoorAnswer.undecided(new Undecided(admitted.id(), Cause.STORE_UNAVAILABLE));
  }

  private static JsonObject describe(SessionGrant grant) {
    return new JsonObject()
        .put("id", grant.id().toString())
        .put("segments", names(grant.segments()))
        .put("expiresAt", grant.expiresAt().toString());
  }

  private static JsonArray names(List<SegmentName> segments) {
    JsonArray names = new JsonArray();
    segments.forEach(segment -> names.add(segment.value()));
    return names;
  }

  private static String join(List<SegmentName> segments) {
    return segments.stream().map(SegmentName::value).collect(Collectors.joining(" "));
  }
}
