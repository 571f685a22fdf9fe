package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.audit.EventQuery;
import io.sallyport.audit.EventSearch;
import io.sallyport.audit.EventView;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Uuids;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.UriInfo;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Who changed what, who signed in, and what the service did by itself. */
@Path("/api/v1/audit/events")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@PermissionsAllowed(Permissions.AUDIT_READ)
@Tag(name = "audit")
public class AuditEventsResource {

  private static final String KIND = "[a-z][A-Za-z]{0,63}";

  private final EventSearch events;

  AuditEventsResource(EventSearch events) {
    this.events = events;
  }

  @GET
  @Operation(summary = "List events, newest first")
  public Page<EventView> list(@Context UriInfo uri) {
    var parameters = Parameters.of(uri, "kind", "action", "actor", "subject", "from", "to");
    Subject subject =
        parameters.read(
            "subject",
            Subject::of,
            "expected a device's id, or a certificate's SHA-256 thumbprint in 64 hexadecimal digits");
    var query =
        new EventQuery(
            parameters.read(
                "kind",
                text -> matching(text, KIND),
                "expected the first part of an action, such as device"),
            parameters.read(
                "action",
                text -> matching(text, KIND + "[.]" + KIND),
                "expected an action such as device.create"),
            parameters.text("actor"),
            subject == null ? null : subject.device(),
            subject == null ? null : subject.thumbprint(),
            parameters.instant("from"),
            parameters.instant("to"),
            parameters.cursor(Uuids::parse),
            parameters.limit());
    var page = DecisionsResource.asking(() -> events.search(query));
    return new Page<>(
        page.items(), page.nextCursor().map(id -> Parameters.cursorOf(id.toString())).orElse(null));
  }

  /** What an event is about: one of both is null. */
  private record Subject(DeviceId device, CertificateThumbprint thumbprint) {
    static Subject of(String text) {
      return text.length() == 64
          ? new Subject(null, CertificateThumbprint.ofHex(text))
          : new Subject(DeviceId.parse(text), null);
    }
  }

  private static String matching(String text, String form) {
    if (!text.matches(form)) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }
}
