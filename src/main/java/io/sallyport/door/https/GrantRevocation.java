package io.sallyport.door.https;

import io.sallyport.grant.RevokeGrant;
import io.sallyport.grant.TokenVerifier;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.SourceAddress;
import java.sql.SQLException;
import java.util.Optional;

/** Revocation of a token by the device that it was given to (RFC 7009). */
public final class GrantRevocation {

  private final TokenVerifier verifier;
  private final RevokeGrant grants;

  public GrantRevocation(TokenVerifier verifier, RevokeGrant grants) {
    this.verifier = verifier;
    this.grants = grants;
  }

  /**
   * On 200 the token is worth nothing: its grant was ended now or before, or it never was ours
   * (section 2.2). The token of another device is refused and its grant goes on (section 2.1).
   *
   * @throws SQLException if that can't be known now
   */
  DoorAnswer revoke(RevocationRequest request, DeviceId device, SourceAddress source)
      throws SQLException {
    Optional<GrantId> grant = verifier.verify(request.token());
    if (grant.isEmpty()) {
      return request.isTakenForRefreshToken() ? unsupported() : DoorAnswer.done();
    }
    return switch (grants.byDevice(grant.get(), device, source.host())) {
      case ENDED, NOTHING_TO_END -> DoorAnswer.done();
      case OF_ANOTHER_DEVICE ->
          DoorAnswer.problem(
              Problem.of(
                  "token_of_another",
                  "The token was given to another device",
                  400,
                  "a device ends its own grants; an operator ends any"),
              "invalid_grant");
    };
  }

  /** Ends every grant that is bound to a certificate, because its device leaves. */
  void leave(CertificateThumbprint thumbprint, DeviceId device, SourceAddress source) {
    grants.leave(thumbprint, device, source.host());
  }

  private static DoorAnswer unsupported() {
    return DoorAnswer.problem(
        Problem.of(
            "unsupported_token_type",
            "Tokens of this type are not issued here",
            400,
            "there are no refresh tokens here; present an access token"),
        "unsupported_token_type");
  }
}
