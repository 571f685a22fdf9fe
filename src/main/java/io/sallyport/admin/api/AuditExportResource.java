package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.audit.log.TransparencyLog;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The whole audit log with its proofs, for whoever checks it elsewhere. */
@Path("/api/v1/audit/export")
@RunOnVirtualThread
@PermissionsAllowed(Permissions.AUDIT_READ)
@Tag(name = "audit")
public class AuditExportResource {

  private final TransparencyLog log;
  private final Clock clock;

  AuditExportResource(TransparencyLog log, Clock clock) {
    this.log = log;
    this.clock = clock;
  }

  @GET
  @Produces({"application/x-ndjson", "text/csv"})
  @Operation(
      summary =
          "Export the log: with its checkpoints and keys, one JSON object a line, or its records as CSV")
  public Response export(@Context UriInfo uri) {
    Parameters.of(uri, "format");
    boolean csv = DecisionFiguresResource.isCsv(uri);
    var export =
        TransparencyLogResource.asking(() -> log.export(clock.instant()))
            .orElseThrow(() -> new ProblemException(Problem.notFound("nothing was recorded yet")));
    StreamingOutput lines = csv ? export::writeCsv : export::write;
    return DecisionFiguresResource.download(lines, "audit", csv);
  }
}
