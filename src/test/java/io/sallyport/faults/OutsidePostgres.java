package io.sallyport.faults;

import io.sallyport.boot.DatabaseRoles;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;

/** A PostgreSQL that the service does not own, on a fixed port, with both roles; kept data. */
final class OutsidePostgres implements AutoCloseable {

  private static final String PASSWORD = "forTestsOnly";

  private final Path cluster;
  private final int port = Service.freePort();
  private EmbeddedPostgres running;

  OutsidePostgres(String name) throws Exception {
    cluster = Service.FOLDER.resolve(name);
    Service.delete(cluster);
    Files.createDirectories(Service.FOLDER);
    start();
    try (Connection superuser = running.getPostgresDatabase().getConnection()) {
      DatabaseRoles.ensure(superuser, DatabaseRoles.DATABASE, PASSWORD, PASSWORD);
    }
  }

  void start() throws IOException {
    running =
        EmbeddedPostgres.builder()
            .setDataDirectory(cluster)
            .setCleanDataDirectory(false)
            .setOverrideWorkingDirectory(Service.FOLDER.resolve("bin").toFile())
            .setPort(port)
            .setPGStartupWait(Duration.ofSeconds(60))
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("max_connections", "100")
            .setServerConfig("listen_addresses", "127.0.0.1")
            .setServerConfig("unix_socket_directories", "")
            .start();
  }

  /** A fast shutdown: open connections are closed, new ones refused. */
  void stop() throws IOException {
    running.close();
  }

  Postmaster postmaster() {
    try {
      return Postmaster.on(cluster).orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Has {@code service} use this database instead of one of its own. */
  Service usedBy(Service service) {
    return service
        .set("quarkus.datasource.jdbc.url", url())
        .set("quarkus.datasource.username", DatabaseRoles.APP)
        .set("quarkus.datasource.password", PASSWORD)
        .set("quarkus.flyway.username", DatabaseRoles.OWNER)
        .set("quarkus.flyway.password", PASSWORD);
  }

  /** Signed in as the service is. */
  Connection asApp() throws SQLException {
    return DriverManager.getConnection(url(), DatabaseRoles.APP, PASSWORD);
  }

  private String url() {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + DatabaseRoles.DATABASE;
  }

  @Override
  public void close() throws IOException {
    Postmaster.on(cluster).ifPresent(Postmaster::thaw);
    running.close();
    Service.delete(cluster);
  }
}
