package io.sallyport.boot;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.FailureEvents;
import io.sallyport.audit.Partitions;
import io.sallyport.audit.log.LogKeys;
import io.sallyport.audit.retention.Retention;
import io.sallyport.audit.retention.RetentionSettings;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Clock;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.postgresql.ds.PGSimpleDataSource;

/** Makes what keeps the months of the audit log. */
@Singleton
final class AuditRetentionBeans {

  /** Of a statement that reads a month of records. */
  private static final int PATIENCE_SECONDS = 3_600;

  @Produces
  @Singleton
  Partitions partitions(DataSource dataSource, Clock clock, MeterRegistry metrics) {
    return new Partitions(dataSource, clock, metrics);
  }

  @Produces
  @Singleton
  FailureEvents failureEvents(AuditLog audit, Clock clock, Uuids ids) {
    return new FailureEvents(audit, clock, ids);
  }

  @Produces
  @Singleton
  RetentionSettings retentionSettings(
      SallyportConfig config, @ConfigProperty(name = "quarkus.datasource.jdbc.url") String url) {
    var retention = config.audit().retention();
    try {
      return new RetentionSettings(
          retention.after(),
          retention.archive().map(Preparation::absolute),
          retention.password().map(password -> database(url, retention.username(), password)));
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.audit.retention." + e.getMessage(), e);
    }
  }

  /** Without a pool: it is used once in a while, and its locks end with its connections. */
  private static DataSource database(String url, String user, String password) {
    var database = new PGSimpleDataSource();
    database.setUrl(url);
    database.setUser(user);
    database.setPassword(password);
    database.setConnectTimeout(2);
    database.setSocketTimeout(PATIENCE_SECONDS);
    database.setTcpKeepAlive(true);
    return database;
  }

  @Produces
  @Singleton
  Retention retention(
      RetentionSettings settings, AuditLog audit, LogKeys keys, Clock clock, Uuids ids) {
    return new Retention(settings, audit, keys, clock, ids);
  }
}
