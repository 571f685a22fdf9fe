package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.authority.EnrolmentRequest;
import io.sallyport.authority.EnrolmentRequests;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.KeyProtection;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.time.Instant;
import java.util.Arrays;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Devices that ask for their first certificate without a code, and what is said to them. */
@Path("/api/v1/enrolment-requests")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "enrolments")
public class EnrolmentRequestsResource {

  private final EnrolmentRequests requests;
  private final Asker asker;

  EnrolmentRequestsResource(EnrolmentRequests requests, Asker asker) {
    this.requests = requests;
    this.asker = asker;
  }

  /** A request as shown. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record View(
      UUID id,
      UUID deviceId,
      String deviceName,
      String keyFingerprint,
      String source,
      Instant createdAt,
      Instant expiresAt,
      EnrolmentRequest.State state,
      KeyProtection keyProtection,
      String decidedBy,
      Instant decidedAt,
      String comment,
      boolean certificateGiven) {

    static View of(EnrolmentRequest request) {
      return new View(
          request.id(),
          request.device().value(),
          request.deviceName(),
          request.keyFingerprint(),
          request.source(),
          request.createdAt(),
          request.expiresAt(),
          request.state(),
          request.keyProtection(),
          request.decidedBy(),
          request.decidedAt(),
          request.comment(),
          request.certificateGiven());
    }
  }

  /**
   * A yes.
   *
   * @param keyFingerprint what the person at the device read out; refused if it is not the
   *     request's. May be absent if the two were compared by eye
   * @param keyProtection software if absent; hardware if the operator vouches for it
   */
  public record Approval(String keyFingerprint, String keyProtection, String comment) {}

  /**
   * A no.
   *
   * @param comment told to the device; may be absent
   */
  public record Rejection(String comment) {}

  @GET
  @PermissionsAllowed(Permissions.ENROLMENTS_WRITE)
  @Operation(summary = "Requests that live, the oldest first; filter by state and device")
  public Page<View> list(@Context UriInfo uri) {
    Parameters parameters = Parameters.of(uri, "state", "device");
    EnrolmentRequest.State state =
        parameters.oneOf(
            "state",
            EnrolmentRequest.State::of,
            Arrays.stream(EnrolmentRequest.State.values())
                .map(EnrolmentRequest.State::wire)
                .toList());
    UUID device = parameters.uuid("device");
    UUID after = parameters.cursor(Uuids::parse);
    int limit = parameters.limit();
    return Page.of(
        requests.list(state, device == null ? null : new DeviceId(device), after, limit + 1),
        limit,
        request -> request.id().toString(),
        View::of);
  }

  @POST
  @Path("{id}/approve")
  @PermissionsAllowed(Permissions.ENROLMENTS_WRITE)
  @Operation(summary = "Let this key have a certificate, after comparing its fingerprint")
  public View approve(@PathParam("id") String id, Approval approval) {
    Input.body(approval);
    KeyProtection protection =
        approval.keyProtection() == null
            ? KeyProtection.SOFTWARE
            : Input.read("keyProtection", approval.keyProtection(), KeyProtection::vouched);
    return View.of(
        requests.approve(
            id(id),
            approval.keyFingerprint() == null ? null : fingerprint(approval.keyFingerprint()),
            protection,
            Input.comment(approval.comment()),
            asker.actor(),
            asker.source()));
  }

  @POST
  @Path("{id}/reject")
  @PermissionsAllowed(Permissions.ENROLMENTS_WRITE)
  @Operation(summary = "Refuse this key a certificate; the comment is told to the device")
  public View reject(@PathParam("id") String id, Rejection rejection) {
    Input.body(rejection);
    return View.of(
        requests.reject(id(id), Input.comment(rejection.comment()), asker.actor(), asker.source()));
  }

  private static String fingerprint(String typed) {
    String hex = typed.replaceAll("[\\s:]", "").toLowerCase(java.util.Locale.ROOT);
    if (!hex.matches("[0-9a-f]{64}")) {
      throw Input.wrong("keyFingerprint", "expected 64 hexadecimal digits");
    }
    return hex;
  }

  private static UUID id(String id) {
    try {
      return Uuids.parse(id);
    } catch (IllegalArgumentException e) {
      throw new ProblemException(
          Problem.notFound("no enrolment request has this id; ids are UUIDs"));
    }
  }
}
