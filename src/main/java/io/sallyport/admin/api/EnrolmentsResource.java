package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.authority.AuthorityMaterial;
import io.sallyport.authority.BulkCodes;
import io.sallyport.authority.EnrolmentCodes;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.KeyProtection;
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
import java.util.ArrayList;
import java.util.List;
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
  private final BulkCodes bulk;
  private final AuthorityMaterial authority;
  private final Clock clock;
  private final Asker asker;

  EnrolmentsResource(
      EnrolmentCodes codes, BulkCodes bulk, AuthorityMaterial authority, Clock clock, Asker asker) {
    this.codes = codes;
    this.bulk = bulk;
    this.authority = authority;
    this.clock = clock;
    this.asker = asker;
  }

  /**
   * A code to make.
   *
   * @param expiresAt a day from now if absent
   * @param keyProtection software if absent; hardware if the operator vouches that the device makes
   *     its key in a TPM or token
   */
  public record Order(String deviceId, Instant expiresAt, String keyProtection) {}

  /**
   * Codes to make, all or none.
   *
   * @param deviceIds at most 10,000, no device twice
   */
  public record BulkOrder(List<String> deviceIds, Instant expiresAt, String keyProtection) {}

  /** One code of many. */
  public record BulkItem(UUID id, UUID deviceId, String code) {
    @Override
    public String toString() {
      return "BulkItem[" + id + "]";
    }
  }

  /** Many codes as answered, once, in the order of the devices. */
  public record BulkView(List<BulkItem> items, Instant expiresAt, String caSha256) {
    @Override
    public String toString() {
      return "BulkView[" + items.size() + "]";
    }
  }

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
    var created =
        codes.create(
            device,
            lifetime(order.expiresAt()),
            protection(order.keyProtection()),
            asker.actor(),
            asker.source());
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

  @POST
  @Path("bulk")
  @PermissionsAllowed(Permissions.ENROLMENTS_WRITE)
  @Operation(summary = "Make a code for each of up to 10,000 devices, all or none")
  public Response makeMany(BulkOrder order) {
    Input.body(order);
    List<String> given = Input.required("deviceIds", order.deviceIds());
    if (given.size() > BulkCodes.MOST) {
      throw Input.wrong("deviceIds", "expected 1 to " + BulkCodes.MOST + " device ids");
    }
    List<DeviceId> devices = devices(given);
    var created =
        bulk.create(
            devices,
            lifetime(order.expiresAt()),
            protection(order.keyProtection()),
            asker.actor(),
            asker.source());
    return Response.status(201)
        .header("Cache-Control", "no-store")
        .entity(
            new BulkView(
                created.stream()
                    .map(code -> new BulkItem(code.id(), code.device().value(), code.code()))
                    .toList(),
                created.getFirst().expiresAt(),
                authority.rootSha256()))
        .build();
  }

  private static List<DeviceId> devices(List<String> given) {
    List<DeviceId> devices = new ArrayList<>(given.size());
    List<Problem.FieldError> faults = new ArrayList<>();
    for (int i = 0; i < given.size() && faults.size() < BulkCodes.FAULTS_TOLD; i++) {
      try {
        devices.add(DeviceId.parse(given.get(i) == null ? "" : given.get(i)));
      } catch (IllegalArgumentException e) {
        faults.add(new Problem.FieldError("deviceIds[" + i + "]", e.getMessage()));
      }
    }
    if (!faults.isEmpty()) {
      throw new ProblemException(Problem.invalid(faults));
    }
    return devices;
  }

  private Duration lifetime(Instant expiresAt) {
    return expiresAt == null ? null : Duration.between(clock.instant(), expiresAt);
  }

  private static KeyProtection protection(String given) {
    return given == null
        ? KeyProtection.SOFTWARE
        : Input.read("keyProtection", given, KeyProtection::vouched);
  }
}
