package io.sallyport.admin.api;

import io.quarkus.security.ForbiddenException;
import io.sallyport.admin.signin.OperatorIdentity;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.identity.DeviceId;
import jakarta.enterprise.context.RequestScoped;
import java.util.List;

/**
 * Whose posture the asker may report. A token that may do nothing else, and that lists audiences,
 * reports about the devices among them alone: such a one may lie on the device itself, and a stolen
 * one says nothing about others.
 */
@RequestScoped
class Spokesman {

  private final Asker asker;

  Spokesman(Asker asker) {
    this.asker = asker;
  }

  boolean speaksFor(DeviceId device) {
    OperatorIdentity identity = asker.identity();
    return !identity.roles().equals(List.of(Permissions.POSTURE))
        || identity.audiences().isEmpty()
        || identity.audiences().contains(device.toString());
  }

  void mustSpeakFor(DeviceId device) {
    if (!speaksFor(device)) {
      throw new ForbiddenException();
    }
  }
}
