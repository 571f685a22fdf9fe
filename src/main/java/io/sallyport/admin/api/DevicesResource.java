package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.CreateDevice;
import io.sallyport.registry.Device;
import io.sallyport.registry.DeviceKind;
import io.sallyport.registry.DeviceState;
import io.sallyport.registry.Devices;
import io.sallyport.revocation.ChangeDevice;
import io.sallyport.revocation.DeviceChange;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PATCH;
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
import java.util.Arrays;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Devices: who they are and where in their life they stand. */
@Path("/api/v1/devices")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "devices")
public class DevicesResource {

  private final CreateDevice createDevice;
  private final ChangeDevice changeDevice;
  private final Devices devices;
  private final Asker asker;

  DevicesResource(
      CreateDevice createDevice, ChangeDevice changeDevice, Devices devices, Asker asker) {
    this.createDevice = createDevice;
    this.changeDevice = changeDevice;
    this.devices = devices;
    this.asker = asker;
  }

  @POST
  @PermissionsAllowed(Permissions.DEVICES_WRITE)
  @Operation(summary = "Add a device; it is active unless said otherwise")
  public Response create(DeviceBodies.Creation body) {
    Input.body(body);
    Device device =
        createDevice.create(
            body.details(),
            body.state() == null ? DeviceState.ACTIVE : body.state(),
            asker.actor(),
            asker.source());
    return answer(Response.created(URI.create("/api/v1/devices/" + device.id)), device);
  }

  @GET
  @PermissionsAllowed(Permissions.DEVICES_READ)
  @Operation(summary = "List devices, newest first, by state, kind, owner and a part of the name")
  public Page<DeviceBodies.View> list(@Context UriInfo uri) {
    var parameters = Parameters.of(uri, "state", "kind", "owner", "name");
    int limit = parameters.limit();
    var found =
        devices.list(
            parameters.oneOf(
                "state",
                DeviceState::of,
                Arrays.stream(DeviceState.values()).map(DeviceState::wire).toList()),
            parameters.oneOf(
                "kind",
                DeviceKind::of,
                Arrays.stream(DeviceKind.values()).map(DeviceKind::wire).toList()),
            parameters.text("owner"),
            parameters.text("name"),
            parameters.cursor(Uuids::parse),
            limit + 1);
    return Page.of(found, limit, device -> device.id.toString(), DeviceBodies.View::of);
  }

  @GET
  @Path("/{id}")
  @PermissionsAllowed(Permissions.DEVICES_READ)
  @Operation(summary = "Read a device")
  public Response read(@PathParam("id") String id) {
    DeviceId deviceId = Input.device(id);
    Device device =
        devices
            .find(deviceId)
            .orElseThrow(
                () -> new ProblemException(Problem.notFound("no device has the id " + deviceId)));
    return answer(Response.ok(), device);
  }

  @PATCH
  @Path("/{id}")
  @Consumes({"application/merge-patch+json", MediaType.APPLICATION_JSON})
  @PermissionsAllowed(Permissions.DEVICES_WRITE)
  @Operation(summary = "Edit a device (RFC 7396), its state included")
  public Response edit(
      @PathParam("id") String id,
      @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch,
      DeviceBodies.Patch patch) {
    Input.body(patch);
    if (patch.stateOrNull() != null) {
      asker.mustHave(Permissions.DEVICES_STATE);
    }
    return change(
        id, new DeviceChange(patch::applyTo, patch.stateOrNull(), null, Input.ifMatch(ifMatch)));
  }

  @PUT
  @Path("/{id}/state")
  @PermissionsAllowed({Permissions.DEVICES_STATE, Permissions.DEVICES_SUSPEND})
  @Operation(summary = "Move a device along its life; the helpdesk may only suspend")
  public Response changeState(
      @PathParam("id") String id,
      @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch,
      DeviceBodies.StateChange body) {
    DeviceState state = Input.required("state", Input.body(body).state());
    if (state != DeviceState.SUSPENDED) {
      asker.mustHave(Permissions.DEVICES_STATE);
    }
    return change(
        id, DeviceChange.of(state, Input.comment(body.comment()), Input.ifMatch(ifMatch)));
  }

  private Response change(String id, DeviceChange change) {
    Device device = changeDevice.change(Input.device(id), change, asker.actor(), asker.source());
    return answer(Response.ok(), device);
  }

  private static Response answer(Response.ResponseBuilder response, Device device) {
    return response
        .header(HttpHeaders.ETAG, Input.etag(device.version))
        .entity(DeviceBodies.View.of(device))
        .build();
  }
}
