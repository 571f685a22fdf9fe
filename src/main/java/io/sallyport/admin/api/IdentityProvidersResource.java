package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.user.ChangeProviders;
import io.sallyport.user.CheckProvider;
import io.sallyport.user.IdentityProvider;
import io.sallyport.user.IdentityProviders;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.net.URI;
import java.time.Clock;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Who vouches for people. */
@Path("/api/v1/identity-providers")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "identity providers")
public class IdentityProvidersResource {

  private final IdentityProviders providers;
  private final ChangeProviders change;
  private final CheckProvider check;
  private final Clock clock;
  private final Asker asker;

  IdentityProvidersResource(
      IdentityProviders providers,
      ChangeProviders change,
      CheckProvider check,
      Clock clock,
      Asker asker) {
    this.providers = providers;
    this.change = change;
    this.check = check;
    this.clock = clock;
    this.asker = asker;
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @PermissionsAllowed(Permissions.PROVIDERS_WRITE)
  @Operation(summary = "Believe an identity provider's tokens about people, from now on")
  public Response add(IdentityProviderBodies.Wanted body) {
    IdentityProvider added = change.add(Input.body(body).settings(), asker.actor(), asker.source());
    return answer(Response.created(URI.create("/api/v1/identity-providers/" + added.id())), added);
  }

  @GET
  @PermissionsAllowed(Permissions.PROVIDERS_READ)
  @Operation(summary = "List identity providers, oldest first")
  public Page<IdentityProviderBodies.View> list(@Context UriInfo uri) {
    var parameters = Parameters.of(uri);
    int limit = parameters.limit();
    return Page.of(
        providers.list(parameters.cursor(Uuids::parse), limit + 1),
        limit,
        provider -> provider.id().toString(),
        IdentityProviderBodies.View::of);
  }

  @GET
  @Path("/{id}")
  @PermissionsAllowed(Permissions.PROVIDERS_READ)
  @Operation(summary = "Read an identity provider")
  public Response read(@PathParam("id") String id) {
    return answer(Response.ok(), find(id(id)));
  }

  @PUT
  @Path("/{id}")
  @Consumes(MediaType.APPLICATION_JSON)
  @PermissionsAllowed(Permissions.PROVIDERS_WRITE)
  @Operation(
      summary =
          "Say anew all that is said of an identity provider; disabling it ends its people's grants")
  public Response change(
      @PathParam("id") String id,
      @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch,
      IdentityProviderBodies.Wanted body) {
    UUID provider = id(id);
    return answer(
        Response.ok(),
        change.change(
            provider,
            Input.body(body).settings(),
            Input.ifMatch(ifMatch),
            asker.actor(),
            asker.source()));
  }

  @DELETE
  @Path("/{id}")
  @PermissionsAllowed(Permissions.PROVIDERS_WRITE)
  @Operation(summary = "Believe an identity provider no longer; its people's grants end")
  public Response remove(
      @PathParam("id") String id, @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch) {
    change.remove(id(id), Input.ifMatch(ifMatch), asker.actor(), asker.source());
    return Response.noContent().build();
  }

  @POST
  @Path("/{id}/check")
  @PermissionsAllowed(Permissions.PROVIDERS_READ)
  @Operation(summary = "Fetch an identity provider's keys now and tell what came; changes nothing")
  public IdentityProviderBodies.HealthView check(@PathParam("id") String id) {
    return IdentityProviderBodies.HealthView.of(
        check.check(find(id(id)).settings()), clock.instant());
  }

  private IdentityProvider find(UUID id) {
    return providers
        .find(id)
        .orElseThrow(
            () -> new ProblemException(Problem.notFound("no identity provider has the id " + id)));
  }

  private static UUID id(String id) {
    try {
      return Uuids.parse(id);
    } catch (IllegalArgumentException e) {
      throw new ProblemException(
          Problem.notFound("no identity provider has this id; ids are UUIDs"));
    }
  }

  private static Response answer(Response.ResponseBuilder response, IdentityProvider provider) {
    return response
        .header(HttpHeaders.ETAG, Input.etag(provider.version()))
        .entity(IdentityProviderBodies.View.of(provider))
        .build();
  }
}
