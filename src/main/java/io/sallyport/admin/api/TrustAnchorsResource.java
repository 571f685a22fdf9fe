package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.grant.EndGrants;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.revocation.ChangeAnchor;
import io.sallyport.trust.AddTrustAnchors;
import io.sallyport.trust.AnchorBundle;
import io.sallyport.trust.AnchorSettings;
import io.sallyport.trust.TrustAnchor;
import io.sallyport.trust.TrustAnchors;
import io.sallyport.trust.TrustStore;
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
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Whom we believe besides ourselves, for what, and on which evidence. */
@Path("/api/v1/trust-anchors")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "trust anchors")
public class TrustAnchorsResource {

  private final TrustAnchors anchors;
  private final AddTrustAnchors addAnchors;
  private final ChangeAnchor changeAnchor;
  private final EndGrants endGrants;
  private final TrustStore trust;
  private final Clock clock;
  private final Asker asker;

  TrustAnchorsResource(
      TrustAnchors anchors,
      AddTrustAnchors addAnchors,
      ChangeAnchor changeAnchor,
      EndGrants endGrants,
      TrustStore trust,
      Clock clock,
      Asker asker) {
    this.anchors = anchors;
    this.addAnchors = addAnchors;
    this.changeAnchor = changeAnchor;
    this.endGrants = endGrants;
    this.trust = trust;
    this.clock = clock;
    this.asker = asker;
  }

  @POST
  @PermissionsAllowed(Permissions.ANCHORS_WRITE)
  @Operation(summary = "Trust the anchors of a PEM bundle; intermediates in it become known")
  public Response add(AnchorBodies.Wanted body) {
    AnchorSettings settings = Input.body(body).settings();
    AnchorBundle bundle =
        Input.read("pem", body.pem(), pem -> AnchorBundle.parse(pem, clock.instant()));
    List<UUID> added = addAnchors.add(bundle, settings, asker.actor(), asker.source());
    // The feed tells every replica; whoever added it may use it here at once.
    trust.reload();
    TrustAnchor first = find(added.getFirst());
    return answer(
        Response.created(URI.create("/api/v1/trust-anchors/" + first.id())),
        first,
        AnchorBodies.View.added(first, added.subList(1, added.size())));
  }

  @GET
  @PermissionsAllowed(Permissions.ANCHORS_READ)
  @Operation(summary = "List trust anchors: ours, the file's and those added here, oldest first")
  public Page<AnchorBodies.View> list(@Context UriInfo uri) {
    var parameters = Parameters.of(uri);
    int limit = parameters.limit();
    return Page.of(
        anchors.list(parameters.cursor(Uuids::parse), limit + 1),
        limit,
        anchor -> anchor.id().toString(),
        AnchorBodies.View::of);
  }

  @GET
  @Path("/{id}")
  @PermissionsAllowed(Permissions.ANCHORS_READ)
  @Operation(summary = "Read a trust anchor")
  public Response read(@PathParam("id") String id) {
    TrustAnchor anchor = find(id(id));
    return answer(Response.ok(), anchor, AnchorBodies.View.whole(anchor));
  }

  @PUT
  @Path("/{id}")
  @PermissionsAllowed(Permissions.ANCHORS_WRITE)
  @Operation(summary = "Say anew all that is said of a trust anchor; what is left out is default")
  public Response change(
      @PathParam("id") String id,
      @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch,
      AnchorBodies.Wanted body) {
    UUID anchor = id(id);
    AnchorSettings settings = Input.body(body).settings();
    if (body.pem() != null) {
      requireSame(anchor, body.pem());
    }
    var result =
        changeAnchor.change(
            anchor, settings, Input.ifMatch(ifMatch), asker.actor(), asker.source());
    int ended = result.tookAway() ? endGrants.belowAnchor(anchor, "anchor_changed") : 0;
    return answer(
        Response.ok(), result.anchor(), AnchorBodies.View.changed(result.anchor(), ended));
  }

  @DELETE
  @Path("/{id}")
  @PermissionsAllowed(Permissions.ANCHORS_WRITE)
  @Operation(summary = "Trust an anchor no longer; everything below it is cut off")
  public Response remove(
      @PathParam("id") String id, @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch) {
    UUID anchor = id(id);
    changeAnchor.remove(anchor, Input.ifMatch(ifMatch), asker.actor(), asker.source());
    trust.reload();
    endGrants.belowAnchor(anchor, "anchor_removed");
    return Response.noContent().build();
  }

  // An anchor is its certificate: another one is another anchor.
  private void requireSame(UUID id, String pem) {
    TrustAnchor anchor = find(id);
    AnchorBundle bundle = Input.read("pem", pem, text -> AnchorBundle.parse(text, clock.instant()));
    if (!bundle.anchors().equals(List.of(anchor.certificate()))
        || !bundle.intermediates().isEmpty()) {
      throw Input.wrong(
          "pem",
          "is not this anchor's certificate alone; leave it out, or add another anchor by POST");
    }
  }

  private TrustAnchor find(UUID id) {
    return anchors
        .find(id)
        .orElseThrow(
            () -> new ProblemException(Problem.notFound("no trust anchor has the id " + id)));
  }

  private static UUID id(String id) {
    try {
      return Uuids.parse(id);
    } catch (IllegalArgumentException e) {
      throw new ProblemException(Problem.notFound("no trust anchor has this id; ids are UUIDs"));
    }
  }

  private static Response answer(
      Response.ResponseBuilder response, TrustAnchor anchor, AnchorBodies.View view) {
    return response.header(HttpHeaders.ETAG, Input.etag(anchor.version())).entity(view).build();
  }
}
