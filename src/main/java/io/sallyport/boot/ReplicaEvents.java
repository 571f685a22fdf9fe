package io.sallyport.boot;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.audit.log.LogKeys;
import io.sallyport.identity.Uuids;
import io.sallyport.trust.AnchorFile;
import io.sallyport.trust.AnchorSync;
import io.sallyport.trust.CaCertificates;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/** Puts on record what a replica does by itself: starting, stopping, taking files over. */
@ApplicationScoped
class ReplicaEvents {

  private static final Logger LOG = Logger.getLogger(ReplicaEvents.class);

  private final AuditLog audit;
  private final LogKeys logKeys;
  private final CaCertificates caCertificates;
  private final SallyportConfig config;
  private final String version;
  private final Clock clock;
  private final Uuids ids;

  ReplicaEvents(
      AuditLog audit,
      LogKeys logKeys,
      CaCertificates caCertificates,
      SallyportConfig config,
      @ConfigProperty(name = "quarkus.application.version", defaultValue = "unknown")
          String version,
      Clock clock,
      Uuids ids) {
    this.audit = audit;
    this.logKeys = logKeys;
    this.caCertificates = caCertificates;
    this.config = config;
    this.version = version;
    this.clock = clock;
    this.ids = ids;
  }

  /** Before the doors open; also that the audit key is a new one, before it signs. */
  void started() throws SQLException {
    record("replica.start", Map.of(), Map.of("version", version));
    if (!logKeys.isPublished()) {
      record("auditKey.add", Map.of(), Map.of("key", logKeys.current().toString()));
    }
  }

  /** A database that is away then keeps no replica from stopping. */
  void stopping() {
    try {
      record("replica.stop", Map.of(), Map.of("version", version));
    } catch (IllegalStateException e) {
      LOG.warn("that this replica stops could not be recorded", e);
    }
  }

  /** Makes the anchors of the file those listed, and says what that changed. */
  @Transactional
  AnchorSync syncAnchors(Path file) {
    AnchorSync synced =
        caCertificates.syncFileAnchors(AnchorFile.read(file), config.trust().missingEvidence());
    if (!synced.trusted().isEmpty() || !synced.removed().isEmpty()) {
      var before = new HashMap<String, Object>();
      var after = new HashMap<String, Object>();
      before.put("removed", texts(synced.removed()));
      after.put("trusted", texts(synced.trusted()));
      record("trustAnchor.sync", before, after);
    }
    return synced;
  }

  private static List<String> texts(List<UUID> ids) {
    return ids.stream().map(UUID::toString).toList();
  }

  private void record(String action, Map<String, Object> before, Map<String, Object> after) {
    audit.appendChange(
        new ChangeRecord(
            ids.next(), clock.instant(), action, "system", null, null, null, before, after));
  }
}
