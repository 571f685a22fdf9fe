package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.admission.DryRun;
import io.sallyport.admission.Explain;
import io.sallyport.admission.Explanation;
import io.sallyport.admission.RefusalReason;
import io.sallyport.audit.DecisionRecord.Check;
import io.sallyport.audit.DecisionView;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.UserFacts;
import io.sallyport.registry.Device;
import io.sallyport.registry.Devices;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import java.net.InetAddress;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * Why a device gets in or not, in words: today's decision as a dry run, which opens nothing and
 * leaves no record.
 */
@Path("/api/v1/devices/{id}/explain")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@PermissionsAllowed(Permissions.DEVICES_EXPLAIN)
@Tag(name = "decisions")
public class ExplainResource {

  private static final String NOBODY = "urn:sallyport:assumed";

  private final Explain explain;
  private final Devices devices;

  ExplainResource(Explain explain, Devices devices) {
    this.explain = explain;
    this.devices = devices;
  }

  /**
   * @param certificate its thumbprint
   * @param lifetime of a grant, as in ISO 8601; absent unless admitted
   * @param rule the policy's rule that decided; absent if the policy was not asked
   * @param message that rule's sentence for the person
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record ResultView(
      String certificate,
      String outcome,
      List<String> reasons,
      List<String> segments,
      String lifetime,
      Long policyVersion,
      String rule,
      String message,
      List<Explanation> explanation,
      List<Check> checks) {

    static ResultView of(CertificateThumbprint certificate, DryRun run) {
      return new ResultView(
          certificate == null ? null : certificate.toString(),
          run.outcome().wire(),
          run.reasons(),
          run.segments().stream().map(SegmentName::value).toList(),
          run.lifetime() == null ? null : run.lifetime().toString(),
          run.policyVersion() < 0 ? null : run.policyVersion(),
          run.rule(),
          run.message(),
          run.explanation(),
          run.checks());
    }
  }

  public record DeviceView(String id, String name, String state) {}

  /**
   * @param explanation why a device without certificate can't come; empty if it has one
   */
  public record ExplainView(
      Instant at,
      DeviceView device,
      String door,
      String source,
      String user,
      List<ResultView> certificates,
      List<Explanation> explanation) {}

  @GET
  @Operation(
      summary = "Run today's decision dry for a device's certificates",
      description =
          "Query: certificate (thumbprint), door, source (address), user (subject or e-mail address"
              + " of an assumed person). Opens nothing and leaves no record.")
  public ExplainView device(@PathParam("id") String id, @Context UriInfo uri) throws SQLException {
    var parameters = Parameters.of(uri, "certificate", "door", "source", "user");
    DeviceId deviceId = Input.device(id);
    Device device =
        devices
            .find(deviceId)
            .orElseThrow(
                () -> new ProblemException(Problem.notFound("no device has the id " + id)));
    CertificateThumbprint only =
        parameters.read(
            "certificate", CertificateThumbprint::ofHex, "expected a SHA-256 thumbprint in hex");
    Door door = door(parameters.text("door"), "door");
    String address = parameters.text("source");
    SourceAddress source = source(address == null ? "127.0.0.1" : address, "source");
    String user = parameters.text("user");
    var results =
        explain.of(
            deviceId,
            only,
            new Explain.As(door, source, Optional.ofNullable(user).map(this::assumed)));
    if (only != null && results.isEmpty()) {
      throw new ProblemException(
          Problem.invalidField("certificate", "is none of this device; leave it out for all"));
    }
    return new ExplainView(
        explain.now(),
        new DeviceView(id, device.name, device.state.wire()),
        door.wire(),
        source.host(),
        user,
        results.stream().map(each -> ResultView.of(each.certificate(), each.result())).toList(),
        results.isEmpty() ? withoutCertificate(device) : List.of());
  }

  private static List<Explanation> withoutCertificate(Device device) {
    List<Explanation> explanation = new ArrayList<>();
    explanation.add(Explanation.of(RefusalReason.NO_CERTIFICATE));
    switch (device.state) {
      case ACTIVE -> {}
      case PENDING -> explanation.add(Explanation.of(RefusalReason.DEVICE_PENDING));
      case SUSPENDED -> explanation.add(Explanation.of(RefusalReason.DEVICE_SUSPENDED));
      case QUARANTINED -> explanation.add(Explanation.of(RefusalReason.DEVICE_QUARANTINED));
      case RETIRED -> explanation.add(Explanation.of(RefusalReason.DEVICE_RETIRED));
    }
    return explanation;
  }

  /** The decision with a sentence and a next step for each of its reasons. */
  static DecisionView explained(DecisionView decision) {
    ObjectNode json = decision.json();
    List<String> reasons = new ArrayList<>();
    json.path("reasons").forEach(reason -> reasons.add(reason.asText()));
    ArrayNode explanation = json.putArray("explanation");
    for (Explanation each : Explanation.ofCodes(reasons)) {
      explanation
          .addObject()
          .put("reason", each.reason())
          .put("sentence", each.sentence())
          .put("nextStep", each.nextStep());
    }
    return decision;
  }

  private UserFacts assumed(String user) {
    return new UserFacts(
        NOBODY, user, "", user.contains("@") ? user : "", List.of(), explain.now());
  }

  static Door door(String wire, String field) {
    if (wire == null) {
      return Door.HTTPS;
    }
    List<String> known = Arrays.stream(Door.values()).map(Door::wire).toList();
    return Arrays.stream(Door.values())
        .filter(door -> door.wire().equals(wire))
        .findFirst()
        .orElseThrow(() -> Input.wrong(field, "expected one of " + String.join(", ", known)));
  }

  static SourceAddress source(String address, String field) {
    try {
      return new SourceAddress(InetAddress.ofLiteral(address), 0);
    } catch (IllegalArgumentException e) {
      throw Input.wrong(field, "expected an address such as 192.0.2.7");
    }
  }
}
