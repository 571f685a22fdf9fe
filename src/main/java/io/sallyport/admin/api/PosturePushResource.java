package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.Posture;
import io.sallyport.registry.PostureReport;
import io.sallyport.registry.ReportPosture;
import io.sallyport.registry.ReportPosture.Outcome;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What an MDM says about all its devices. */
@Path("/api/v1/posture")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "posture")
public class PosturePushResource {

  private static final String NDJSON = "application/x-ndjson";

  /** How many faults are told. */
  private static final int FAULTS_TOLD = 100;

  private final PostureRows rows;
  private final Posture posture;
  private final ReportPosture reports;
  private final Asker asker;
  private final Spokesman spokesman;

  PosturePushResource(
      PostureRows rows, Posture posture, ReportPosture reports, Asker asker, Spokesman spokesman) {
    this.rows = rows;
    this.posture = posture;
    this.reports = reports;
    this.asker = asker;
    this.spokesman = spokesman;
  }

  /**
   * Why a row was not taken.
   *
   * @param row counted from 1
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Fault(int row, String field, String message) {}

  /**
   * What became of a push.
   *
   * @param taken how many rows were taken
   * @param changed for how many of them a fact appeared, vanished or says something else now
   * @param refused how many rows were not taken
   * @param errors why, for the first 100 of them
   */
  public record Result(int taken, int changed, int refused, List<Fault> errors) {}

  @POST
  @Consumes({MediaType.APPLICATION_JSON, NDJSON})
  @PermissionsAllowed(Permissions.POSTURE_WRITE)
  @Operation(
      summary = "Say something about each of up to 10,000 devices",
      description =
          "A JSON list, or JSON lines (application/x-ndjson), of {deviceId or externalId, source,"
              + " ttl, reportedAt, replace, facts}. Each row is taken or refused for itself, so a"
              + " push that was cut off may be sent again.")
  public Response push(@Context HttpHeaders headers, InputStream body) throws IOException {
    boolean lines = headers.getMediaType() != null && isLines(headers.getMediaType());
    PostureRows.Read read = lines ? rows.lines(body) : rows.list(body);
    Map<Integer, List<Fault>> faults = new TreeMap<>(read.faults());
    Map<DeviceId, Integer> rowOf = new HashMap<>();
    Map<DeviceId, PostureReport> accepted = accepted(read.rows(), rowOf, faults);
    int[] counts = apply(accepted, rowOf, faults);
    var told = faults.values().stream().flatMap(List::stream).limit(FAULTS_TOLD).toList();
    if (counts[0] == 0 && !faults.isEmpty()) {
      throw new ProblemException(
          Problem.invalid(
              told.stream()
                  .map(
                      fault ->
                          new Problem.FieldError(
                              "["
                                  + fault.row()
                                  + "]"
                                  + (fault.field() == null ? "" : "." + fault.field()),
                              fault.message()))
                  .toList()));
    }
    return Response.ok(new Result(counts[0], counts[1], faults.size(), told)).build();
  }

  private static boolean isLines(MediaType type) {
    return (type.getType() + "/" + type.getSubtype()).equalsIgnoreCase(NDJSON);
  }

  private Map<DeviceId, PostureReport> accepted(
      Map<Integer, PostureBodies.Row> given,
      Map<DeviceId, Integer> rowOf,
      Map<Integer, List<Fault>> faults) {
    Map<String, DeviceId> byExternalId =
        posture.devices(
            given.values().stream()
                .map(PostureBodies.Row::externalId)
                .filter(id -> id != null)
                .toList());
    Map<DeviceId, PostureReport> accepted = new LinkedHashMap<>();
    given.forEach(
        (row, content) -> {
          DeviceId device =
              content.deviceId() == null
                  ? byExternalId.get(content.externalId())
                  : content.deviceId();
          if (device == null) {
            refuse(faults, row, "externalId", "no device has this external id");
          } else if (!spokesman.speaksFor(device)) {
            refuse(faults, row, "deviceId", "this token may not report about this device");
          } else if (!spokesman.speaksAs(content.report().source())) {
            refuse(
                faults,
                row,
                "source",
                "this token speaks for the device itself: expected a source that begins with "
                    + Spokesman.SELF);
          } else if (rowOf.putIfAbsent(device, row) != null) {
            refuse(faults, row, "deviceId", "row " + rowOf.get(device) + " is about it already");
          } else {
            accepted.put(device, content.report());
          }
        });
    return accepted;
  }

  private int[] apply(
      Map<DeviceId, PostureReport> accepted,
      Map<DeviceId, Integer> rowOf,
      Map<Integer, List<Fault>> faults) {
    int[] counts = new int[2];
    List<DeviceId> devices = new ArrayList<>(accepted.keySet());
    for (int from = 0; from < devices.size(); from += ReportPosture.MOST_AT_ONCE) {
      Map<DeviceId, PostureReport> batch = new LinkedHashMap<>();
      devices
          .subList(from, Math.min(devices.size(), from + ReportPosture.MOST_AT_ONCE))
          .forEach(device -> batch.put(device, accepted.get(device)));
      reports
          .reportAll(batch, asker.actor(), asker.source())
          .forEach(
              (device, outcome) -> {
                switch (outcome) {
                  case Outcome.Taken taken -> {
                    counts[0]++;
                    counts[1] += taken.changed().isEmpty() && taken.removed().isEmpty() ? 0 : 1;
                  }
                  case Outcome.Refused(var problem) -> {
                    String field =
                        problem.errors().isEmpty() ? "deviceId" : problem.errors().get(0).field();
                    String why =
                        problem.errors().isEmpty()
                            ? problem.detail()
                            : problem.errors().get(0).message();
                    refuse(faults, rowOf.get(device), field, why);
                  }
                }
              });
    }
    return counts;
  }

  private static void refuse(
      Map<Integer, List<Fault>> faults, int row, String field, String message) {
    faults.put(row, List.of(new Fault(row, field, message)));
  }
}
