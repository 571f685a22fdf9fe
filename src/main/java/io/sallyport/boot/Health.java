package io.sallyport.boot;

import io.sallyport.audit.AuditLog;
import io.sallyport.door.https.DeviceDoor;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;
import org.eclipse.microprofile.health.Startup;

/**
 * What the cluster asks. Ready means that a decision could be made now: Postgres answers (Quarkus'
 * own check of the pool), the audit log takes records, the door is open. Not being ready is no
 * reason to be killed.
 */
@Singleton
final class Health {

  @Produces
  @Singleton
  @Readiness
  HealthCheck audit(AuditLog audit) {
    return () -> response("audit log", audit.impediment());
  }

  @Produces
  @Singleton
  @Readiness
  HealthCheck door(DeviceDoor door) {
    return () -> response("device door", door.impediment());
  }

  @Produces
  @Singleton
  @Startup
  HealthCheck started(DeviceDoor door) {
    return () -> response("started", door.impediment());
  }

  @Produces
  @Singleton
  @Liveness
  HealthCheck alive() {
    return () -> HealthCheckResponse.up("process");
  }

  private static HealthCheckResponse response(String name, Optional<String> impediment) {
    var response = HealthCheckResponse.named(name).status(impediment.isEmpty());
    impediment.ifPresent(why -> response.withData("why", why));
    return response.build();
  }
}
