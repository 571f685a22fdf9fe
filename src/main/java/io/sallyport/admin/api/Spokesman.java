package io.sallyport.admin.api;

import io.quarkus.security.ForbiddenException;
import io.sallyport.admin.signin.OperatorIdentity;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.admin.signin.Role;
import io.sallyport.identity.DeviceId;
import jakarta.enterprise.context.RequestScoped;

/**
 * Whose posture the asker may report. A token that may do nothing else, and that lists audiences,
 * reports about the devices among them alone: such a one may lie on the device itself, and a stolen
 * one says nothing about others.
 */
@RequestScoped
class Spokesman {

  /** How the sources begin as which a token that is bound to devices may report. */
  static final String SELF = "self";

  private final Asker asker;

  Spokesman(Asker asker) {
    this.asker = asker;
  }

  boolean speaksFor(DeviceId device) {
    return !isBound() || asker.identity().audiences().contains(device.toString());
  }

  /**
   * Whether the asker may say something under this name of a source: what a device says of itself
   * must not pass for the word of an MDM, by which rules may tell the two apart.
   *
   * @param source null for all sources
   */
  boolean speaksAs(String source) {
    return !isBound() || source != null && source.startsWith(SELF);
  }

  void mustSpeakFor(DeviceId device, String source) {
    if (!speaksFor(device) || !speaksAs(source)) {
      throw new ForbiddenException();
    }
  }

  // By the scope alone; another scope beside it does not widen whom it speaks for.
  private boolean isBound() {
    OperatorIdentity identity = asker.identity();
    return !identity.audiences().isEmpty()
        && identity.roles().contains(Permissions.POSTURE)
        && identity.roles().stream()
            .flatMap(scope -> Role.of(scope).stream())
            .noneMatch(role -> Permissions.of(role).contains(Permissions.POSTURE_WRITE));
  }
}
