package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.audit.DecisionSearch;
import io.sallyport.audit.DecisionView;
import io.sallyport.audit.SearchTooBroadException;
import io.sallyport.audit.log.TransparencyLog;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.Optional;
import java.util.function.Supplier;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What was decided at the doors, and why. */
@Path("/api/v1/decisions")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "decisions")
public class DecisionsResource {

  private final DecisionSearch decisions;
  private final TransparencyLog log;

  DecisionsResource(DecisionSearch decisions, TransparencyLog log) {
    this.decisions = decisions;
    this.log = log;
  }

  @GET
  @PermissionsAllowed(Permissions.DECISIONS_READ)
  @Operation(summary = "List decisions, newest first")
  public Page<DecisionView> list(@Context UriInfo uri) {
    var page = asking(() -> decisions.search(DecisionFilters.of(uri)));
    return new Page<>(
        page.items(), page.nextCursor().map(id -> Parameters.cursorOf(id.toString())).orElse(null));
  }

  @GET
  @Path("/{id}")
  @PermissionsAllowed(Permissions.DECISIONS_READ)
  @Operation(summary = "Read a decision")
  public DecisionView read(@PathParam("id") String id) {
    return parsed(id)
        .flatMap(decisions::find)
        .map(ExplainResource::explained)
        .orElseThrow(() -> new ProblemException(Problem.notFound("no decision has this id")));
  }

  @GET
  @Path("/{id}/proof")
  @Produces(TransparencyLogResource.TEXT)
  @PermissionsAllowed(Permissions.DECISIONS_READ)
  @Operation(summary = "Download the proof that a decision is in the log (C2SP tlog-proof)")
  public Response proof(@PathParam("id") String id) {
    return parsed(id)
        .flatMap(decision -> TransparencyLogResource.asking(() -> log.proof(decision.value())))
        .map(
            proof ->
                Response.ok(proof.toString())
                    .header("Content-Disposition", "attachment; filename=\"" + id + ".tlog-proof\"")
                    .build())
        .orElseThrow(
            () ->
                new ProblemException(
                    Problem.notFound(
                        "no decision of this id is in the log; one is there about a second after it"
                            + " was made")));
  }

  private static Optional<DecisionId> parsed(String id) {
    try {
      return Optional.of(DecisionId.parse(id));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** A question that takes too long is the asker's to narrow. */
  static <T> T asking(Supplier<T> question) {
    try {
      return question.get();
    } catch (SearchTooBroadException e) {
      throw new ProblemException(
          Problem.of(
              "search_too_broad",
              "The question takes too long",
              422,
              "narrow it by from and to, or by a filter more"));
    }
  }
}
