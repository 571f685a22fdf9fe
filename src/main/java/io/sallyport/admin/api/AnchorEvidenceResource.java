package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.Uuids;
import io.sallyport.trust.AnchorHealth;
import io.sallyport.trust.OutsideEvidence;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.io.InputStream;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What outside CAs say about revocation: is it to be had, and what an operator adds to it. */
@Path("/api/v1/trust-anchors/{id}")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "trust anchors")
public class AnchorEvidenceResource {

  private final OutsideEvidence evidence;
  private final Asker asker;
  private final AuditLog audit;
  private final Clock clock;
  private final Uuids ids;

  AnchorEvidenceResource(
      OutsideEvidence evidence, Asker asker, AuditLog audit, Clock clock, Uuids ids) {
    this.evidence = evidence;
    this.asker = asker;
    this.audit = audit;
    this.clock = clock;
    this.ids = ids;
  }

  /** Whether an anchor's checks can be made, and what they rest on. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record HealthView(
      UUID anchor, boolean checked, List<String> causes, List<AnchorHealth.Source> lists) {
    static HealthView of(AnchorHealth health) {
      return new HealthView(health.anchor(), health.checked(), health.causes(), health.sources());
    }
  }

  /** How many lists will be fetched. */
  public record Refreshed(int lists) {}

  @GET
  @Path("health")
  @PermissionsAllowed(Permissions.ANCHORS_READ)
  @Operation(summary = "Whether revocation below an anchor can be checked, and by which lists")
  public HealthView health(@PathParam("id") String id) throws SQLException {
    return HealthView.of(evidence.health(Input.read("id", id, Uuids::parse)));
  }

  @POST
  @Path("crls")
  @Consumes(MediaType.WILDCARD)
  @PermissionsAllowed(Permissions.ANCHORS_WRITE)
  @Operation(summary = "Upload a CRL (DER or PEM) of a CA under the anchor; in force on return")
  public HealthView upload(@PathParam("id") String id, InputStream list)
      throws IOException, SQLException {
    return HealthView.of(
        evidence.upload(Input.read("id", id, Uuids::parse), list, asker.actor(), asker.source()));
  }

  @POST
  @Path("crls/refresh")
  @PermissionsAllowed(Permissions.ANCHORS_WRITE)
  @Operation(summary = "Fetch every list of an anchor now")
  public Refreshed refresh(@PathParam("id") String id) throws SQLException {
    UUID anchor = Input.read("id", id, Uuids::parse);
    int lists = evidence.refresh(anchor);
    audit.appendChange(
        new ChangeRecord(
            ids.next(),
            clock.instant(),
            "crl.refresh",
            asker.actor(),
            asker.source(),
            null,
            null,
            Map.of(),
            Map.of("anchor", anchor.toString(), "lists", lists)));
    return new Refreshed(lists);
  }
}
