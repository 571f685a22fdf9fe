package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.authority.AuthorityMaterial;
import io.sallyport.authority.EnrolmentCodes;
import io.sallyport.identity.DeviceId;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** One-time codes that a device trades for its first certificate. */
@Path("/api/v1/enrolments")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "enrolments")
public class EnrolmentsResource {

  private final EnrolmentCodes codes;
  private final AuthorityMaterial authority;
  private final Clock clock;
  private final Asker asker;

  EnrolmentsResource(EnrolmentCodes codes, AuthorityMaterial authority, Clock clock, Asker asker) {
    this.codes = codes;
    this.authority = authority;
    this.clock = clock;
    this.asker = asker;
  }

  /**
   * A code to make.
   *
   * @param expiresAt a day from now if absent
   */
  public record Order(String deviceId, Instant expiresAt) {}

  /**
   * A code as answered, once.
   *
   * @param caSha256 by which the device recognises the server it may send the code to
   */
  public record View(UUID id, UUID deviceId, String code, Instant expiresAt, String caSha256) {
    @Override
    public String toString() {
      return "View[" + id + "]";
    }
  }

  @POST
  @PermissionsAllowed(Permissions.ENROLMENTS_WRITE)
  @Operation(summary = "Make an enrolment code for a device; it is shown this once")
  public Response make(Order order) {
    Input.body(order);
    DeviceId device = Input.read("deviceId", order.deviceId(), DeviceId::parse);
    Duration lifetime =
        order.expiresAt() == null ? null : Duration.between(clock.instant(), order.expiresAt());
    var created = codes.create(device, lifetime, asker.actor(), asker.source());
    return Response.status(201)
        .header("Cache-Control", "no-store")
        .entity(
            new View(
                created.id(),
                created.device().value(),
                created.code(),
                created.expiresAt(),
                authority.rootSha256()))
        .build();
  }
}
