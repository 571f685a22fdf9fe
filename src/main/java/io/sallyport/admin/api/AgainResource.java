package io.sallyport.admin.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.api.ExplainResource.ResultView;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.admission.Explain;
import io.sallyport.admission.Explanation;
import io.sallyport.admission.RefusalReason;
import io.sallyport.audit.DecisionSearch;
import io.sallyport.audit.DecisionView;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.UserFacts;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Would what was decided once be decided the same now? A dry run: it leaves no record. */
@Path("/api/v1/decisions/{id}/again")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@PermissionsAllowed(Permissions.DEVICES_EXPLAIN)
@Tag(name = "decisions")
public class AgainResource {

  private final Explain explain;
  private final DecisionSearch decisions;

  AgainResource(Explain explain, DecisionSearch decisions) {
    this.explain = explain;
    this.decisions = decisions;
  }

  /**
   * @param then as it was decided
   * @param now as it would be decided; null if nothing of its certificate is registered
   */
  public record AgainView(ObjectNode then, ResultView now, List<Explanation> explanation) {}

  @GET
  @Operation(summary = "Would a past decision's certificate pass now, from the same place?")
  public AgainView again(@PathParam("id") String id) throws SQLException {
    DecisionView then =
        decision(id)
            .flatMap(decisions::find)
            .orElseThrow(() -> new ProblemException(Problem.notFound("no decision has this id")));
    JsonNode json = then.json();
    String thumbprint = json.at("/certificate/thumbprint").asText(null);
    String address = json.at("/source/address").asText(null);
    if (thumbprint == null || address == null) {
      return new AgainView(
          ExplainResource.explained(then).json(),
          null,
          thumbprint == null ? List.of(Explanation.of(RefusalReason.NO_CERTIFICATE)) : List.of());
    }
    var now =
        explain.of(
            CertificateThumbprint.ofHex(thumbprint),
            new Explain.As(
                ExplainResource.door(json.at("/door").asText(), "door"),
                ExplainResource.source(address, "source"),
                person(json.at("/user"), Instant.parse(json.at("/at").asText()))));
    return new AgainView(
        ExplainResource.explained(then).json(),
        now.map(run -> ResultView.of(CertificateThumbprint.ofHex(thumbprint), run)).orElse(null),
        now.isPresent() ? List.of() : List.of(Explanation.of(RefusalReason.UNKNOWN_DEVICE)));
  }

  // The record keeps who it was; groups are asked of the identity provider each time.
  private static Optional<UserFacts> person(JsonNode user, Instant at) {
    String issuer = user.path("issuer").asText(null);
    String subject = user.path("subject").asText(null);
    return issuer == null || subject == null
        ? Optional.empty()
        : Optional.of(
            new UserFacts(issuer, subject, user.path("name").asText(""), "", List.of(), at));
  }

  private static Optional<DecisionId> decision(String id) {
    try {
      return Optional.of(DecisionId.parse(id));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
