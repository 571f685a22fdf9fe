package io.sallyport.admin.api;

import io.quarkus.security.ForbiddenException;
import io.quarkus.security.StringPermission;
import io.quarkus.security.identity.SecurityIdentity;
import io.sallyport.admin.signin.OperatorIdentity;
import jakarta.enterprise.context.RequestScoped;

/** Who sent the request at hand. */
@RequestScoped
class Asker {

  private final SecurityIdentity identity;

  Asker(SecurityIdentity identity) {
    this.identity = identity;
  }

  OperatorIdentity identity() {
    return (OperatorIdentity) identity.getPrincipal();
  }

  String actor() {
    return identity().actor();
  }

  String source() {
    return identity().source();
  }

  /** For what depends on the request's body; the rest is said by annotation. */
  void mustHave(String permission) {
    int colon = permission.indexOf(':');
    var asked =
        new StringPermission(permission.substring(0, colon), permission.substring(colon + 1));
    if (!identity.checkPermissionBlocking(asked)) {
      throw new ForbiddenException();
    }
  }
}
