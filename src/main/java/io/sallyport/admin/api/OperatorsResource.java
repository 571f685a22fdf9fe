package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.ChangePassword;
import io.sallyport.admin.signin.Permissions;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The one who asks. */
@Path("/api/v1/operators/me")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "operators")
public class OperatorsResource {

  private final ChangePassword changePassword;
  private final Asker asker;

  OperatorsResource(ChangePassword changePassword, Asker asker) {
    this.changePassword = changePassword;
    this.asker = asker;
  }

  /**
   * Who asks.
   *
   * @param kind {@code operator} or {@code token}
   * @param roles the operator's role, or the token's scopes
   */
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  public record View(
      String kind, UUID id, String name, List<String> roles, List<String> audiences) {}

  /** The present password and the one to have from now on. */
  public record PasswordChange(
      @JsonProperty("current") String current, @JsonProperty("new") String replacement) {
    @Override
    public String toString() {
      return "PasswordChange[redacted]";
    }
  }

  @GET
  @PermissionsAllowed(Permissions.SELF_READ)
  @Operation(summary = "Read who one is signed in as")
  public View me() {
    var me = asker.identity();
    return new View(me.kind().wire(), me.id(), me.name(), me.roles(), me.audiences());
  }

  @PUT
  @Path("/password")
  @PermissionsAllowed(Permissions.SELF_PASSWORD)
  @Operation(summary = "Change one's own password")
  public void password(PasswordChange body) {
    Input.body(body);
    changePassword.change(
        asker.identity(),
        Input.required("current", body.current()),
        Input.required("new", body.replacement()));
  }
}
