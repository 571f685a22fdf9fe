package io.sallyport.door.oauth;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;

/** What an OAuth client asks for first (RFC 8414). */
@Path("/.well-known/oauth-authorization-server{path:(/.*)?}")
public class MetadataResource {

  private static final String CACHE = "public, max-age=300";

  private final OAuthEndpoints endpoints;
  private final Metadata metadata;

  MetadataResource(OAuthEndpoints endpoints) {
    this.endpoints = endpoints;
    this.metadata = Metadata.of(endpoints);
  }

  /**
   * The metadata, at the one place that belongs to the issuer: its path comes after the well-known
   * part (section 3.1). 404 elsewhere, so that nobody is led to believe in another issuer.
   */
  @GET
  @PermitAll
  @Produces(MediaType.APPLICATION_JSON)
  public Response metadata(@PathParam("path") String path) {
    if (!endpoints.issuerPath().equals(path == null ? "" : path)) {
      throw new ProblemException(Problem.notFound("no issuer has its metadata here"));
    }
    return Response.ok(metadata).header("Cache-Control", CACHE).build();
  }

  /**
   * The members of RFC 8414 section 2 and RFC 8705 sections 3.3 and 5.
   *
   * <p>Devices are clients of the method {@code tls_client_auth}: their certificates lead to an
   * anchor that we trust (RFC 8705 section 2.1). With {@code self_signed_tls_client_auth} (section
   * 2.2) nobody would look at the path. {@code scopes_supported} is left out, as section 2 allows:
   * the names of segments are nobody's business who has no device there.
   */
  public record Metadata(
      String issuer,
      @JsonProperty("token_endpoint") String tokenEndpoint,
      @JsonProperty("jwks_uri") String jwksUri,
      @JsonProperty("introspection_endpoint") String introspectionEndpoint,
      @JsonProperty("revocation_endpoint") String revocationEndpoint,
      @JsonProperty("status_list_aggregation_endpoint") String statusListAggregationEndpoint,
      @JsonProperty("mtls_endpoint_aliases") Aliases aliases,
      @JsonProperty("tls_client_certificate_bound_access_tokens") boolean certificateBound,
      @JsonProperty("grant_types_supported") List<String> grantTypes,
      @JsonProperty("response_types_supported") List<String> responseTypes,
      @JsonProperty("token_endpoint_auth_methods_supported") List<String> tokenAuth,
      @JsonProperty("introspection_endpoint_auth_methods_supported") List<String> introspectionAuth,
      @JsonProperty("revocation_endpoint_auth_methods_supported") List<String> revocationAuth) {

    /** What is asked over mutual TLS. */
    public record Aliases(
        @JsonProperty("token_endpoint") String tokenEndpoint,
        @JsonProperty("revocation_endpoint") String revocationEndpoint) {}

    static Metadata of(OAuthEndpoints endpoints) {
      String token = endpoints.devices() + "/oauth2/token";
      return new Metadata(
          endpoints.issuer(),
          token,
          endpoints.verifiers() + "/.well-known/jwks.json",
          endpoints.operators() + "/oauth2/introspect",
          endpoints.operators() + "/oauth2/revoke",
          endpoints.verifiers() + "/oauth2/status",
          new Aliases(token, endpoints.devices() + "/oauth2/revoke"),
          true,
          List.of("client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"),
          // There is no authorization endpoint; the member is required all the same.
          List.of(),
          List.of("tls_client_auth"),
          List.of("Bearer", "client_secret_basic"),
          List.of("tls_client_auth", "client_secret_basic"));
    }
  }
}
