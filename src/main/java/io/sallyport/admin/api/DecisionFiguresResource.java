package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.audit.DecisionExport;
import io.sallyport.audit.DecisionStatistics;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Decisions by the many: counted for charts, or downloaded. */
@Path("/api/v1/decisions")
@RunOnVirtualThread
@Tag(name = "decisions")
public class DecisionFiguresResource {

  private static final Duration DAY = Duration.ofDays(1);

  private final DecisionStatistics statistics;
  private final DecisionExport decisions;
  private final Clock clock;

  DecisionFiguresResource(DecisionStatistics statistics, DecisionExport decisions, Clock clock) {
    this.statistics = statistics;
    this.decisions = decisions;
    this.clock = clock;
  }

  /** Counts of {@code from} (inclusive) to {@code to} (exclusive). */
  public record Statistics(
      Instant from, Instant to, String by, List<DecisionStatistics.Count> items) {}

  @GET
  @Path("/statistics")
  @Produces(MediaType.APPLICATION_JSON)
  @PermissionsAllowed(Permissions.DECISIONS_READ)
  @Operation(
      summary =
          "Count decisions by reason, outcome, door or hour; the last day unless said otherwise")
  public Statistics statistics(@Context UriInfo uri) {
    var parameters = Parameters.of(uri, "by", "from", "to");
    var by =
        Optional.ofNullable(
                DecisionFilters.oneOf(
                    parameters, "by", DecisionStatistics.By.values(), DecisionStatistics.By::wire))
            .orElse(DecisionStatistics.By.OUTCOME);
    Instant to = Optional.ofNullable(parameters.instant("to")).orElseGet(clock::instant);
    Instant from = Optional.ofNullable(parameters.instant("from")).orElseGet(() -> to.minus(DAY));
    if (!from.isBefore(to) || from.isBefore(to.minus(DecisionStatistics.LONGEST))) {
      throw new ProblemException(
          Problem.invalidField(
              "from",
              "is before to, by %d days at most".formatted(DecisionStatistics.LONGEST.toDays())));
    }
    return new Statistics(
        from, to, by.wire(), DecisionsResource.asking(() -> statistics.count(by, from, to)));
  }

  @GET
  @Path("/export")
  @Produces({"application/x-ndjson", "text/csv"})
  @PermissionsAllowed(Permissions.AUDIT_READ)
  @Operation(summary = "Download decisions by the filters of the list, newest first")
  public Response export(@Context UriInfo uri) {
    var query = DecisionFilters.of(uri, "format");
    boolean csv = isCsv(uri);
    StreamingOutput lines =
        out -> {
          if (csv) {
            decisions.writeCsv(query, out);
          } else {
            decisions.writeLines(query, out);
          }
        };
    return download(lines, "decisions", csv);
  }

  /** Whether {@code format=csv} is asked for and not {@code format=ndjson}, the default. */
  static boolean isCsv(UriInfo uri) {
    String format = uri.getQueryParameters().getFirst("format");
    if (format == null || format.equals("ndjson")) {
      return false;
    }
    if (format.equals("csv")) {
      return true;
    }
    throw new ProblemException(Problem.invalidField("format", "expected one of ndjson, csv"));
  }

  static Response download(StreamingOutput lines, String name, boolean csv) {
    return Response.ok(lines, csv ? "text/csv;charset=UTF-8" : "application/x-ndjson")
        .header(
            "Content-Disposition",
            "attachment; filename=\"%s.%s\"".formatted(name, csv ? "csv" : "ndjson"))
        .build();
  }
}
