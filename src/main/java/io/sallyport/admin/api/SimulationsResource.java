package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.admission.SimulationRequest;
import io.sallyport.admission.SimulationRequest.Change;
import io.sallyport.admission.Simulator;
import io.sallyport.admission.StoreUnavailableException;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.policy.Policies;
import io.sallyport.policy.PolicyDraft;
import io.sallyport.policy.PolicyRules;
import io.sallyport.trust.DraftLists;
import io.sallyport.trust.TrustAnchors;
import io.smallrye.common.annotation.Blocking;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.SQLException;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jboss.logging.Logger;

/**
 * Who would be cut off, and who let in, by a change that is not made yet. On a thread of the worker
 * pool and not a virtual one: what computes for seconds would keep others of those waiting.
 */
@Path("/api/v1/simulations")
@Blocking
@Tag(name = "simulations")
public class SimulationsResource {

  private static final Logger LOG = Logger.getLogger(SimulationsResource.class);
  private static final String NDJSON = "application/x-ndjson";

  private final Simulator simulator;
  private final Policies policies;
  private final DraftLists lists;
  private final TrustAnchors anchors;

  SimulationsResource(
      Simulator simulator, Policies policies, DraftLists lists, TrustAnchors anchors) {
    this.simulator = simulator;
    this.policies = policies;
    this.lists = lists;
    this.anchors = anchors;
  }

  @POST
  @Consumes(MediaType.APPLICATION_JSON)
  @Produces(NDJSON)
  @PermissionsAllowed(Permissions.SIMULATIONS_RUN)
  @Operation(
      summary = "Say who a change would cut off or let in, before it is made",
      description =
          "Lines of JSON: progress, cutOff, letIn, changed, undecidable, and a summary at the end."
              + " An answer whose last line is no summary is incomplete.")
  public Response run(SimulationBodies.Wanted wanted, @Context RoutingContext http)
      throws IOException, SQLException {
    var population = Input.required("population", Input.body(wanted).population()).read();
    var request =
        new SimulationRequest(
            population, change(Input.required("change", wanted.change()).checked()));
    Simulator.Place place = simulator.enter();
    http.addEndHandler(ended -> place.abandon());
    StreamingOutput lines = out -> write(place, request, out);
    return Response.ok(lines).build();
  }

  private void write(Simulator.Place place, SimulationRequest request, OutputStream out)
      throws IOException {
    try (place) {
      var writer = new SimulationLines(out);
      try {
        writer.summary(place.run(request, writer));
      } catch (SQLException | StoreUnavailableException e) {
        LOG.warnf("a simulation was given up: %s", e.getMessage());
        writer.givenUp();
      }
    }
  }

  private Change change(SimulationBodies.ChangeBody change) throws IOException, SQLException {
    if (change.policy() != null) {
      return policy(change.policy());
    }
    return change.crl() != null ? crl(change.crl()) : removal(change.removeAnchor());
  }

  private Change policy(SimulationBodies.PolicyBody body) {
    var rules = new PolicyRules(Input.required("change.policy.rules", body.rules()));
    return switch (policies.draft(rules)) {
      case PolicyDraft.Sound sound -> new Change.DraftPolicy(sound.policy());
      case PolicyDraft.Faulty faulty ->
          throw new ProblemException(
              Problem.invalid(
                  faulty.faults().stream()
                      .map(
                          fault ->
                              new Problem.FieldError(
                                  "change.policy." + fault.path(),
                                  fault.line() == 0
                                      ? fault.message()
                                      : "line %d, column %d: %s"
                                          .formatted(
                                              fault.line(), fault.column(), fault.message())))
                      .toList()));
    };
  }

  private Change crl(SimulationBodies.CrlBody body) throws IOException, SQLException {
    UUID anchor =
        body.anchor() == null ? null : Input.read("change.crl.anchor", body.anchor(), Uuids::parse);
    return new Change.DraftCrl(lists.read(body.list(), anchor));
  }

  private Change removal(SimulationBodies.AnchorBody body) {
    UUID anchor = Input.read("change.removeAnchor.id", body.id(), Uuids::parse);
    if (anchors.find(anchor).isEmpty()) {
      throw Input.wrong("change.removeAnchor.id", "no trust anchor has this id");
    }
    return new Change.WithoutAnchor(anchor);
  }
}
