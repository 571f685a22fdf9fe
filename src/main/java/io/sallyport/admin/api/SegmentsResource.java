package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.identity.Problem;
import io.sallyport.identity.Problem.FieldError;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SegmentName;
import io.sallyport.policy.ChangeSegment;
import io.sallyport.policy.Policies;
import io.sallyport.policy.PolicyVersions;
import io.sallyport.policy.Segment;
import io.sallyport.policy.Segments;
import io.sallyport.registry.Devices;
import io.sallyport.registry.PlainText;
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
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Segments: the named places that grants open. */
@Path("/api/v1/segments")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "segments")
public class SegmentsResource {

  private static final int DESCRIPTION = 1024;

  /** What is said of a segment; {@code name} in a PUT may be left out. */
  public record Wanted(
      String name, String description, List<String> audiences, Integer vlan, List<String> cidrs) {

    Segment.Details details() {
      PlainText.faultOfComment(description, DESCRIPTION)
          .ifPresent(
              fault -> {
                throw Input.wrong("description", fault);
              });
      try {
        return new Segment.Details(
            description == null ? "" : description,
            texts("audiences", audiences),
            vlan == null ? OptionalInt.empty() : OptionalInt.of(vlan),
            texts("cidrs", cidrs));
      } catch (Segment.InvalidSegment e) {
        throw new ProblemException(
            Problem.invalid(
                e.faults().entrySet().stream()
                    .map(fault -> new FieldError(fault.getKey(), fault.getValue()))
                    .toList()));
      }
    }

    private static List<String> texts(String field, List<String> values) {
      if (values != null && values.contains(null)) {
        throw Input.wrong(field, "expected texts, none of them null");
      }
      return values == null ? List.of() : values;
    }
  }

  /** A segment as answered; {@code vlan} is null if it has none. */
  public record View(
      String name,
      String description,
      List<String> audiences,
      Integer vlan,
      List<String> cidrs,
      Instant createdAt,
      Instant changedAt,
      long version) {

    static View of(Segment segment) {
      var details = segment.details();
      return new View(
          segment.name().value(),
          details.description(),
          details.audiences(),
          details.vlan().isPresent() ? details.vlan().getAsInt() : null,
          details.cidrs(),
          segment.createdAt(),
          segment.changedAt(),
          segment.version());
    }
  }

  private final Segments segments;
  private final ChangeSegment changeSegment;
  private final Policies policies;
  private final PolicyVersions versions;
  private final Devices devices;
  private final Asker asker;

  SegmentsResource(
      Segments segments,
      ChangeSegment changeSegment,
      Policies policies,
      PolicyVersions versions,
      Devices devices,
      Asker asker) {
    this.segments = segments;
    this.changeSegment = changeSegment;
    this.policies = policies;
    this.versions = versions;
    this.devices = devices;
    this.asker = asker;
  }

  @POST
  @PermissionsAllowed(Permissions.SEGMENTS_WRITE)
  @Operation(summary = "Add a segment: its audiences, VLAN and networks")
  public Response create(Wanted body) {
    SegmentName name = Input.read("name", Input.body(body).name(), SegmentName::new);
    Segment segment = changeSegment.create(name, body.details(), asker.actor(), asker.source());
    return answer(Response.created(URI.create("/api/v1/segments/" + name)), segment);
  }

  @GET
  @PermissionsAllowed(Permissions.SEGMENTS_READ)
  @Operation(summary = "List segments by name")
  public Page<View> list(@Context UriInfo uri) {
    var parameters = Parameters.of(uri);
    int limit = parameters.limit();
    return Page.of(
        segments.list(parameters.cursor(SegmentName::new), limit + 1),
        limit,
        segment -> segment.name().value(),
        View::of);
  }

  @GET
  @Path("/{name}")
  @PermissionsAllowed(Permissions.SEGMENTS_READ)
  @Operation(summary = "Read a segment")
  public Response read(@PathParam("name") String name) {
    SegmentName known = name(name);
    return answer(
        Response.ok(),
        segments
            .find(known)
            .orElseThrow(
                () -> new ProblemException(Problem.notFound("there is no segment " + known))));
  }

  @PUT
  @Path("/{name}")
  @PermissionsAllowed(Permissions.SEGMENTS_WRITE)
  @Operation(summary = "Say anew all that is said of a segment; what is left out is emptied")
  public Response change(
      @PathParam("name") String name,
      @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch,
      Wanted body) {
    SegmentName known = name(name);
    if (Input.body(body).name() != null && !body.name().equals(known.value())) {
      throw Input.wrong("name", "is another than the path's; a segment can't be renamed");
    }
    return answer(
        Response.ok(),
        changeSegment.change(
            known, body.details(), Input.ifMatch(ifMatch), asker.actor(), asker.source()));
  }

  @DELETE
  @Path("/{name}")
  @PermissionsAllowed(Permissions.SEGMENTS_WRITE)
  @Operation(summary = "Remove a segment that neither the policy in force nor a device names")
  public Response remove(
      @PathParam("name") String name, @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch) {
    SegmentName known = name(name);
    refuseIfNamed(known);
    changeSegment.remove(known, Input.ifMatch(ifMatch), asker.actor(), asker.source());
    return Response.noContent().build();
  }

  // A help against slips, not a lock: a name without a row is allowed, and opens only itself.
  private void refuseIfNamed(SegmentName name) {
    long current = versions.current();
    try {
      if (policies.inForce(current).namedSegments().contains(name)) {
        throw new ProblemException(
            Problem.conflict("the policy in force names " + name + "; save one that does not"));
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the policy in force could not be read", e);
    }
    if (devices.anyIn(name)) {
      throw new ProblemException(
          Problem.conflict(
              "a device that is not retired has " + name + " among its segments; change it first"));
    }
  }

  private static SegmentName name(String name) {
    try {
      return new SegmentName(name);
    } catch (IllegalArgumentException e) {
      throw new ProblemException(Problem.notFound("no segment has this name: " + e.getMessage()));
    }
  }

  private static Response answer(Response.ResponseBuilder response, Segment segment) {
    return response
        .header(HttpHeaders.ETAG, Input.etag(segment.version()))
        .entity(View.of(segment))
        .build();
  }
}
