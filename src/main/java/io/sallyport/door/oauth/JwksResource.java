package io.sallyport.door.oauth;

import io.sallyport.grant.PublicKeyRow;
import io.sallyport.grant.SigningKeys;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** The public keys of every replica's tokens. */
@Path("/.well-known/jwks.json")
public class JwksResource {

  // Short, so that a key that vanishes (a forged row, found out) is gone from verifiers within a
  // minute.
  private static final String CACHE = "max-age=60";

  private final SigningKeys keys;

  public JwksResource(SigningKeys keys) {
    this.keys = keys;
  }

  /** Lists every live key whose row carries our MAC. */
  @GET
  @PermitAll
  @RunOnVirtualThread
  @Produces(MediaType.APPLICATION_JSON)
  public Response keys() {
    try {
      List<Map<String, String>> list = keys.live().stream().map(JwksResource::jwk).toList();
      return Response.ok(Map.of("keys", list)).header("Cache-Control", CACHE).build();
    } catch (SQLException e) {
      throw new ProblemException(
          Problem.of("store_unavailable", "No decision is possible now", 503, "Try again."));
    }
  }

  private static Map<String, String> jwk(PublicKeyRow key) {
    return Map.of(
        "kty", "EC", "crv", "P-256", "alg", "ES256", "use", "sig", "kid", key.kid(), "x", key.x(),
        "y", key.y());
  }
}
