package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.registry.DeviceState;
import io.sallyport.revocation.Revocation;
import io.sallyport.revocation.RevocationReason;
import io.sallyport.revocation.Revocations;
import io.sallyport.revocation.RevokeCertificate;
import io.sallyport.revocation.RevokeDevice;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What was taken back, for ever. */
@Path("/api/v1/revocations")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "revocations")
public class RevocationsResource {

  private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");

  private final RevokeCertificate revokeCertificate;
  private final RevokeDevice revokeDevice;
  private final Revocations revocations;
  private final Asker asker;

  RevocationsResource(
      RevokeCertificate revokeCertificate,
      RevokeDevice revokeDevice,
      Revocations revocations,
      Asker asker) {
    this.revokeCertificate = revokeCertificate;
    this.revokeDevice = revokeDevice;
    this.revocations = revocations;
    this.asker = asker;
  }

  /** What to revoke: a device, or a certificate by thumbprint, or one by issuer and serial. */
  public record Order(
      String deviceId,
      String thumbprint,
      String issuer,
      String serial,
      String reason,
      String comment) {}

  /** A revoked device. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record DeviceView(
      UUID deviceId,
      DeviceState state,
      RevocationReason reason,
      String comment,
      List<RevocationView> certificates,
      int grantsEnded,
      int codesVoided) {}

  @POST
  @PermissionsAllowed(Permissions.REVOCATIONS_WRITE)
  @Operation(
      summary = "Revoke a device or a certificate; 200 if the certificate was revoked before")
  public Response revoke(Order order) {
    Input.body(order);
    boolean byName = order.issuer() != null || order.serial() != null;
    int targets =
        (order.deviceId() == null ? 0 : 1)
            + (order.thumbprint() == null ? 0 : 1)
            + (byName ? 1 : 0);
    if (targets != 1) {
      throw Input.wrong(
          targets == 0 ? "deviceId" : order.deviceId() != null ? "deviceId" : "thumbprint",
          "expected exactly one of deviceId, thumbprint, or issuer with serial");
    }
    RevocationReason reason = Input.read("reason", order.reason(), RevocationReason::of);
    String comment = Input.comment(order.comment());
    if (order.deviceId() != null) {
      DeviceId device = Input.read("deviceId", order.deviceId(), DeviceId::parse);
      return ofDevice(device, reason, comment);
    }
    var result =
        byName
            ? revokeCertificate.revoke(name(order), reason, comment, asker.actor(), asker.source())
            : revokeCertificate.revoke(
                Input.read("thumbprint", order.thumbprint(), CertificateThumbprint::ofHex),
                reason,
                comment,
                asker.actor(),
                asker.source());
    return Response.status(result.changed() ? 201 : 200)
        .entity(RevocationView.of(result.revocation()))
        .build();
  }

  private Response ofDevice(DeviceId device, RevocationReason reason, String comment) {
    var result = revokeDevice.revoke(device, reason, comment, asker.actor(), asker.source());
    return Response.status(201)
        .entity(
            new DeviceView(
                result.device().value(),
                result.state(),
                reason,
                comment,
                result.certificates().stream().map(RevocationView::of).toList(),
                result.grantsEnded(),
                result.codesVoided()))
        .build();
  }

  private static IssuerAndSerial name(Order order) {
    Input.required("issuer", order.issuer());
    Input.required("serial", order.serial());
    if (order.issuer().chars().anyMatch(Character::isISOControl)
        || order.issuer().length() > 2048) {
      throw Input.wrong("issuer", "expected a distinguished name as in RFC 4514");
    }
    if (!order.serial().matches("[0-9A-Fa-f]+")) {
      throw Input.wrong("serial", "expected hexadecimal digits only");
    }
    try {
      return IssuerAndSerial.parse(order.issuer(), order.serial());
    } catch (IllegalArgumentException e) {
      String field = e.getMessage().startsWith("serial") ? "serial" : "issuer";
      throw Input.wrong(field, e.getMessage().replaceFirst("^(serial|issuer): ", ""));
    }
  }

  @GET
  @PermissionsAllowed(Permissions.REVOCATIONS_READ)
  @Operation(summary = "List revoked certificates, those revoked last first")
  public Page<RevocationView> list(@Context UriInfo uri) {
    var parameters = Parameters.of(uri);
    int limit = parameters.limit();
    var found = revocations.list(parameters.cursor(RevocationsResource::place), limit + 1);
    return Page.of(found, limit, RevocationsResource::place, RevocationView::of);
  }

  private static String place(Revocation last) {
    return last.revokedAt() + " " + last.name().serial() + " " + last.name().issuer();
  }

  private static Revocations.Place place(String text) {
    String[] parts = text.split(" ", 3);
    if (parts.length != 3) {
      throw new IllegalArgumentException("not a place");
    }
    Instant at = Instant.parse(parts[0]);
    if (at.isBefore(Instant.EPOCH) || at.isAfter(LATEST)) {
      // Postgres ends before Instant does, and nobody revoked anything then.
      throw new IllegalArgumentException("not a place");
    }
    return new Revocations.Place(at, IssuerAndSerial.parse(parts[2], parts[1]));
  }
}
