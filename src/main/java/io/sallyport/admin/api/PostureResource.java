package io.sallyport.admin.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.identity.DeviceId;
import io.sallyport.registry.Posture;
import io.sallyport.registry.PostureReport;
import io.sallyport.registry.PostureSettings;
import io.sallyport.registry.ReportPosture;
import io.sallyport.registry.ReportPosture.Outcome;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Clock;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What an MDM or a script says about one device. */
@Path("/api/v1/devices/{id}/posture")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "posture")
public class PostureResource {

  private final Posture posture;
  private final ReportPosture reports;
  private final PostureSettings settings;
  private final Clock clock;
  private final Asker asker;
  private final Spokesman spokesman;

  PostureResource(
      Posture posture,
      ReportPosture reports,
      PostureSettings settings,
      Clock clock,
      Asker asker,
      Spokesman spokesman) {
    this.posture = posture;
    this.reports = reports;
    this.settings = settings;
    this.clock = clock;
    this.asker = asker;
    this.spokesman = spokesman;
  }

  @GET
  @PermissionsAllowed(Permissions.POSTURE_READ)
  @Operation(summary = "What is known of a device; expired facts apart, since they count as absent")
  public PostureBodies.View read(@PathParam("id") String id) {
    return PostureBodies.View.of(posture.of(Input.device(id)));
  }

  @PUT
  @PermissionsAllowed(Permissions.POSTURE_WRITE)
  @Operation(
      summary = "Say all that a source has to say about a device",
      description =
          "Body {source, ttl, reportedAt, facts}: facts by name, each a value or {value,"
              + " expiresAt}. What this source said before and does not say now is withdrawn.")
  public Outcome.Taken replace(@PathParam("id") String id, JsonNode body) {
    return report(id, body, true);
  }

  @PATCH
  @Consumes({"application/merge-patch+json", MediaType.APPLICATION_JSON})
  @PermissionsAllowed(Permissions.POSTURE_WRITE)
  @Operation(
      summary = "Say more about a device",
      description =
          "Body as for PUT. Facts that are not named stay; null withdraws one that this source"
              + " said.")
  public Outcome.Taken merge(@PathParam("id") String id, JsonNode body) {
    return report(id, body, false);
  }

  @DELETE
  @PermissionsAllowed(Permissions.POSTURE_WRITE)
  @Operation(summary = "Drop what is known of a device, or what one source said")
  public void forget(@PathParam("id") String id, @QueryParam("source") String source) {
    DeviceId device = Input.device(id);
    spokesman.mustSpeakFor(device, source);
    reports.forget(device, source, asker.actor(), asker.source());
  }

  private Outcome.Taken report(String id, JsonNode body, boolean replaces) {
    DeviceId device = Input.device(id);
    PostureReport report =
        PostureBodies.report(Input.body(body), replaces, settings, clock.instant());
    spokesman.mustSpeakFor(device, report.source());
    return reports.report(device, report, asker.actor(), asker.source());
  }
}
