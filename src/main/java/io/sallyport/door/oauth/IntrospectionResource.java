package io.sallyport.door.oauth;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.grant.GrantSettings;
import io.sallyport.grant.GrantStatus;
import io.sallyport.grant.SessionGrant;
import io.sallyport.grant.TokenVerifier;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SegmentName;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.FormParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Whether a token's grant is live (RFC 7662), for proxies and services that enforce it. */
@Path("/oauth2/introspect")
public class IntrospectionResource {

  private final TokenVerifier verifier;
  private final GrantStatus grants;
  private final GrantSettings settings;

  public IntrospectionResource(TokenVerifier verifier, GrantStatus grants, GrantSettings settings) {
    this.verifier = verifier;
    this.grants = grants;
    this.settings = settings;
  }

  /**
   * Echoes {@code cnf}, so that the asker can compare it with the certificate that it saw; it must.
   * Anything that is not a live grant of ours is {@code {"active":false}} and no more (section
   * 2.2).
   */
  @POST
  @PermissionsAllowed("introspect")
  @RunOnVirtualThread
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  @Produces(MediaType.APPLICATION_JSON)
  public Response introspect(@FormParam("token") String token) {
    if (token == null || token.isEmpty()) {
      throw new ProblemException(Problem.invalidField("token", "is missing"));
    }
    try {
      Optional<GrantId> named = verifier.verify(token);
      Optional<SessionGrant> live = named.isEmpty() ? Optional.empty() : grants.live(named.get());
      return Response.ok(live.map(this::active).orElse(Introspection.INACTIVE))
          .header("Cache-Control", "no-store")
          .build();
    } catch (SQLException e) {
      throw new ProblemException(
          Problem.of("store_unavailable", "No decision is possible now", 503, "Try again."));
    }
  }

  private Introspection active(SessionGrant grant) {
    List<String> segments = grant.segments().stream().map(SegmentName::value).toList();
    String device = grant.device().toString();
    return new Introspection(
        true,
        segments.stream().collect(Collectors.joining(" ")),
        device,
        device,
        settings.issuer(),
        settings.issuer(),
        grant.issuedAt().getEpochSecond(),
        grant.expiresAt().getEpochSecond(),
        grant.id().toString(),
        "Bearer",
        Map.of("x5t#S256", grant.thumbprint().base64Url()),
        segments);
  }

  /** The members of RFC 7662 section 2.2, {@code cnf} of RFC 8705 section 3.2 and our segments. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Introspection(
      boolean active,
      String scope,
      @JsonProperty("client_id") String clientId,
      String sub,
      String iss,
      String aud,
      Long iat,
      Long exp,
      String jti,
      @JsonProperty("token_type") String tokenType,
      Map<String, String> cnf,
      List<String> segments) {

    static final Introspection INACTIVE =
        new Introspection(false, null, null, null, null, null, null, null, null, null, null, null);
  }
}
