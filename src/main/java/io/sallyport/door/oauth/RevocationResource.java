package io.sallyport.door.oauth;

import io.quarkus.security.PermissionsAllowed;
import io.quarkus.security.identity.SecurityIdentity;
import io.sallyport.grant.RevokeGrant;
import io.sallyport.grant.TokenVerifier;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.Problem;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.Optional;

/** Ends the grant of a token (RFC 7009), for operators; devices end theirs on their own door. */
@Path("/oauth2/revoke")
public class RevocationResource {

  private final TokenVerifier verifier;
  private final RevokeGrant grants;
  private final SecurityIdentity asker;

  RevocationResource(TokenVerifier verifier, RevokeGrant grants, SecurityIdentity asker) {
    this.verifier = verifier;
    this.grants = grants;
    this.asker = asker;
  }

  /**
   * On 200 the grant is worth nothing: it was ended now, and that is on record, or it had ended
   * before, or the token never was ours (section 2.2).
   */
  @POST
  @PermissionsAllowed("grants:end")
  @RunOnVirtualThread
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  @Produces(MediaType.APPLICATION_JSON)
  public Response revoke(
      MultivaluedMap<String, String> parameters, @Context HttpServerRequest request) {
    return switch (TokenForm.of(parameters)) {
      case TokenForm.Read.Refused(var refusal) -> refusal;
      case TokenForm.Read.Sound(var form) -> revoke(form, request.remoteAddress().hostAddress());
    };
  }

  private Response revoke(TokenForm form, String source) {
    Optional<GrantId> grant;
    try {
      grant = verifier.verify(form.token());
    } catch (SQLException e) {
      return OAuthRefusal.storeUnavailable();
    }
    if (grant.isEmpty() && form.isTakenForRefreshToken()) {
      return OAuthRefusal.of(
          "unsupported_token_type",
          Problem.of(
              "unsupported_token_type",
              "Tokens of this type are not issued here",
              400,
              "there are no refresh tokens here; present an access token"));
    }
    grant.ifPresent(id -> grants.byOperator(id, asker.getPrincipal().getName(), source));
    return Response.ok().header("Cache-Control", "no-store").build();
  }
}
