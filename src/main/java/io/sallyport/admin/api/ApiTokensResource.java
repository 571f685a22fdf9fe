package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.ApiToken;
import io.sallyport.admin.signin.ApiTokens;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.admin.signin.Role;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.PlainText;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Tokens for scripts and proxies. */
@Path("/api/v1/api-tokens")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "operators")
public class ApiTokensResource {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}");
  private static final Duration DEFAULT_LIFE = Duration.ofDays(90);
  private static final Duration LONGEST_LIFE = Duration.ofDays(366);
  private static final int MOST_AUDIENCES = 32;

  private final ApiTokens tokens;
  private final Clock clock;
  private final Asker asker;

  ApiTokensResource(ApiTokens tokens, Clock clock, Asker asker) {
    this.tokens = tokens;
    this.clock = clock;
    this.asker = asker;
  }

  /**
   * A token to make.
   *
   * @param scopes {@code forwardAuth}, {@code introspect}, {@code posture} or roles
   * @param audiences what a proxy's token may ask about; of a token of {@code posture} alone, the
   *     ids of the devices it may report about, or none for all
   * @param expiresAt 90 days from now if absent, 366 at most
   */
  public record Order(
      String name, List<String> scopes, List<String> audiences, Instant expiresAt) {}

  /**
   * A token as answered.
   *
   * @param token the secret, in the answer to its making and never again
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record View(
      UUID id,
      String name,
      List<String> scopes,
      List<String> audiences,
      String createdBy,
      Instant createdAt,
      Instant expiresAt,
      Instant lastUsedAt,
      Instant endedAt,
      String token) {

    static View of(ApiToken token, String secret) {
      return new View(
          token.id(),
          token.name(),
          token.scopes(),
          token.audiences(),
          token.createdBy(),
          token.createdAt(),
          token.expiresAt(),
          token.lastUsedAt(),
          token.endedAt(),
          secret);
    }

    @Override
    public String toString() {
      return "View[" + id + "]";
    }
  }

  @POST
  @PermissionsAllowed(Permissions.TOKENS_WRITE)
  @Operation(summary = "Make a token; its secret is shown this once")
  public Response make(Order order) {
    Input.body(order);
    if (!NAME.matcher(Input.required("name", order.name())).matches()) {
      throw Input.wrong(
          "name", "expected 1 to 63 of A-Z, a-z, 0-9, space and '._-', no space first");
    }
    var made =
        tokens.make(
            order.name(),
            scopes(order.scopes()),
            audiences(order.audiences()),
            expiry(order.expiresAt()),
            asker.identity());
    return Response.status(201)
        .header("Cache-Control", "no-store")
        .entity(View.of(made.token(), made.secret()))
        .build();
  }

  private static List<String> scopes(List<String> scopes) {
    if (scopes == null || scopes.isEmpty()) {
      throw Input.wrong("scopes", "expected at least one");
    }
    for (String scope : scopes) {
      if (scope == null
          || (!Permissions.PROXY_SCOPES.contains(scope)
              && !scope.equals(Permissions.POSTURE)
              && Role.of(scope).isEmpty())) {
        throw Input.wrong(
            "scopes", "expected forwardAuth, introspect, posture or the name of a role");
      }
    }
    return List.copyOf(new LinkedHashSet<>(scopes));
  }

  private static List<String> audiences(List<String> audiences) {
    if (audiences == null) {
      return List.of();
    }
    if (audiences.size() > MOST_AUDIENCES) {
      throw Input.wrong("audiences", "expected at most " + MOST_AUDIENCES);
    }
    for (int i = 0; i < audiences.size(); i++) {
      String field = "audiences[" + i + "]";
      PlainText.faultOfLine(audiences.get(i), 255)
          .ifPresent(
              fault -> {
                throw Input.wrong(field, fault);
              });
    }
    return List.copyOf(new LinkedHashSet<>(audiences));
  }

  private Instant expiry(Instant wanted) {
    Instant now = clock.instant();
    if (wanted == null) {
      return now.plus(DEFAULT_LIFE);
    }
    if (!wanted.isAfter(now) || wanted.isAfter(now.plus(LONGEST_LIFE))) {
      throw Input.wrong(
          "expiresAt", "expected a time to come, at most " + LONGEST_LIFE.toDays() + " days ahead");
    }
    return wanted;
  }

  @GET
  @PermissionsAllowed(Permissions.TOKENS_READ)
  @Operation(summary = "List tokens, newest first, ended ones too")
  public Page<View> list(@Context UriInfo uri) {
    var parameters = Parameters.of(uri);
    int limit = parameters.limit();
    var found = tokens.list(parameters.cursor(Uuids::parse), limit + 1);
    return Page.of(found, limit, token -> token.id().toString(), token -> View.of(token, null));
  }

  @DELETE
  @Path("/{id}")
  @PermissionsAllowed(Permissions.TOKENS_WRITE)
  @Operation(summary = "End a token, at once")
  public void end(@PathParam("id") String id) {
    if (!tokens.end(uuid(id), asker.identity())) {
      throw new ProblemException(Problem.notFound("no live token has this id"));
    }
  }

  private static UUID uuid(String id) {
    try {
      return Uuids.parse(id);
    } catch (IllegalArgumentException e) {
      throw new ProblemException(Problem.notFound("no live token has this id"));
    }
  }
}
