package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.audit.retention.Erasures;
import io.sallyport.audit.retention.Hold;
import io.sallyport.audit.retention.Holds;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What must stay in the audit log, and what a person has a right to have forgotten. */
@Path("/api/v1/audit")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "audit")
public class AuditHoldsResource {

  private static final int LONGEST = 256;

  private final Holds holds;
  private final Erasures erasures;
  private final Asker asker;

  AuditHoldsResource(Holds holds, Erasures erasures, Asker asker) {
    this.holds = holds;
    this.erasures = erasures;
    this.asker = asker;
  }

  /**
   * What to keep.
   *
   * @param caseName what for
   * @param device whose records; without it those of all
   */
  public record HoldOrder(
      String caseName, String device, Instant from, Instant to, String comment) {}

  /** Whose personal data to erase: those of a device or of a person, never both. */
  public record ErasureOrder(String device, String user, String issuer, String comment) {}

  /** Of how many records they were erased. */
  public record Erased(long records) {}

  // Records are found by the time in their ids, which begins in 1970.
  private static void requireAnAge(String field, Instant time) {
    if (time != null
        && (time.isBefore(Instant.EPOCH) || time.isAfter(Instant.parse("9999-12-31T00:00:00Z")))) {
      throw new ProblemException(
          Problem.invalidField(
              field, "expected a time from 1970 to 9999, or nothing for no bound"));
    }
  }

  @GET
  @Path("/holds")
  @PermissionsAllowed(Permissions.AUDIT_READ)
  @Operation(summary = "List the legal holds in force, the oldest first")
  public Page<Hold> list() {
    return new Page<>(holds.inForce(), null);
  }

  @POST
  @Path("/holds")
  @PermissionsAllowed(Permissions.AUDIT_WRITE)
  @Operation(summary = "Keep records for a case, whatever the retention says")
  public Response place(HoldOrder order) {
    if (order == null) {
      throw new ProblemException(Problem.invalidField("caseName", "is missing"));
    }
    String caseName = text("caseName", order.caseName());
    if (caseName == null) {
      throw new ProblemException(Problem.invalidField("caseName", "say what they are kept for"));
    }
    requireAnAge("from", order.from());
    requireAnAge("to", order.to());
    if (order.from() != null && order.to() != null && !order.from().isBefore(order.to())) {
      throw new ProblemException(Problem.invalidField("from", "is before to"));
    }
    DeviceId device =
        order.device() == null ? null : Input.read("device", order.device(), DeviceId::parse);
    Hold hold =
        holds
            .place(
                caseName,
                device,
                order.from(),
                order.to(),
                text("comment", order.comment()),
                asker.actor(),
                asker.source())
            .orElseThrow(
                () ->
                    new ProblemException(
                        Problem.conflict(
                            "there are %d holds in force; release one first"
                                .formatted(Holds.MOST))));
    return Response.created(URI.create("/api/v1/audit/holds/" + hold.id())).entity(hold).build();
  }

  @DELETE
  @Path("/holds/{id}")
  @PermissionsAllowed(Permissions.AUDIT_WRITE)
  @Operation(summary = "Release a legal hold; the retention applies again")
  public void release(@PathParam("id") String id) {
    holds
        .release(Input.read("id", id, Uuids::parse), asker.actor(), asker.source())
        .orElseThrow(() -> new ProblemException(Problem.notFound("no hold in force has this id")));
  }

  @POST
  @Path("/erasures")
  @PermissionsAllowed(Permissions.AUDIT_WRITE)
  @Operation(summary = "Erase the personal data of a device's or a person's records; final")
  public Erased erase(ErasureOrder order) {
    if (order == null || (order.device() == null) == (order.user() == null)) {
      throw new ProblemException(Problem.invalidField("device", "name a device or a user"));
    }
    if ((order.user() == null) != (order.issuer() == null)) {
      throw new ProblemException(
          Problem.invalidField(
              "issuer", "goes with user: whose identity provider calls the person so"));
    }
    String comment = text("comment", order.comment());
    if (comment == null) {
      throw new ProblemException(Problem.invalidField("comment", "say who asked for it"));
    }
    var outcome =
        order.device() != null
            ? erasures.ofDevice(
                Input.read("device", order.device(), DeviceId::parse),
                comment,
                asker.actor(),
                asker.source())
            : erasures.ofPerson(
                text("issuer", order.issuer()),
                text("user", order.user()),
                comment,
                asker.actor(),
                asker.source());
    return switch (outcome) {
      case Erasures.Outcome.Erased(long records) -> new Erased(records);
      case Erasures.Outcome.Held() ->
          throw new ProblemException(
              Problem.conflict("a legal hold keeps these records; release it first"));
      case Erasures.Outcome.NotSetUp() ->
          throw new ProblemException(
              Problem.conflict(
                  "nothing can be erased: sallyport.audit.retention.password is not set"));
    };
  }

  /** Null if not given. */
  private static String text(String field, String value) {
    if (value != null
        && (value.isBlank()
            || value.length() > LONGEST
            || value.chars().anyMatch(Character::isISOControl))) {
      throw new ProblemException(
          Problem.invalidField(
              field, "expected 1 to %d characters, none of them a control".formatted(LONGEST)));
    }
    return value;
  }
}
