package io.sallyport;

import io.sallyport.boot.DatabaseRoles;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.postgresql.ds.PGSimpleDataSource;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * The database that the tests of one JVM share: the one that {@code SALLYPORT_TEST_DATABASE_URL}
 * names (its user may create roles and databases), else a container where an engine answers, else
 * the embedded one. Migrated once; tests use ids of their own instead of cleaning up.
 */
public final class TestDatabase {

  private static final String PASSWORD = "forTestsOnly";

  private static TestDatabase shared;

  private final String superuserUrl;
  private final String user;
  private final String password;
  private final String url;

  private TestDatabase(String superuserUrl, String user, String password) throws SQLException {
    this.superuserUrl = superuserUrl;
    this.user = user;
    this.password = password;
    // A database of its own for each JVM, so that a given server may be used by several runs.
    String name = "sallyport_test_" + ProcessHandle.current().pid() + "_" + System.nanoTime();
    try (Connection superuser = DriverManager.getConnection(superuserUrl, user, password)) {
      DatabaseRoles.ensure(superuser, name, PASSWORD, PASSWORD, PASSWORD);
    }
    this.url = superuserUrl.replaceFirst("/[^/?]*(\\?.*)?$", "/" + name);
    migrate();
  }

  private void migrate() {
    Flyway.configure()
        .dataSource(ownerDataSource(this))
        .placeholders(
            Map.of("appRole", DatabaseRoles.APP, "retentionRole", DatabaseRoles.RETENTION))
        .load()
        .migrate();
  }

  /** Starts the database on the first call. */
  public static synchronized TestDatabase shared() {
    if (shared == null) {
      try {
        shared = start();
      } catch (SQLException e) {
        throw new IllegalStateException("no test database", e);
      }
    }
    return shared;
  }

  /** A migrated database of its own on the shared server, for what there is one of in each. */
  public static TestDatabase another() {
    TestDatabase first = shared();
    try {
      return new TestDatabase(first.superuserUrl, first.user, first.password);
    } catch (SQLException e) {
      throw new IllegalStateException("no test database", e);
    }
  }

  /** This database, signed in as the service. */
  public DataSource app() {
    return dataSource(url, DatabaseRoles.APP);
  }

  /** This database, signed in as the owner of the schema. */
  public DataSource owner() {
    return ownerDataSource(this);
  }

  /** This database, signed in as the role that drops and erases. */
  public DataSource retention() {
    return dataSource(url, DatabaseRoles.RETENTION);
  }

  /** What another JVM needs as {@code SALLYPORT_TEST_DATABASE_URL} to use the same server. */
  public static String serverUrl() {
    TestDatabase first = shared();
    return first.user == null
        ? first.superuserUrl
        : first.superuserUrl
            + (first.superuserUrl.contains("?") ? "&" : "?")
            + "user=%s&password=%s".formatted(first.user, first.password);
  }

  /** Signed in as the service. */
  public static DataSource appDataSource() {
    return dataSource(shared().url, DatabaseRoles.APP);
  }

  /** Signed in as the owner of the schema. */
  public static DataSource ownerDataSource() {
    return ownerDataSource(shared());
  }

  /** The settings that make Quarkus use this database. */
  public static Map<String, String> quarkusSettings() {
    String url = shared().url;
    return Map.of(
        "quarkus.datasource.jdbc.url", url,
        "quarkus.datasource.username", DatabaseRoles.APP,
        "quarkus.datasource.password", PASSWORD,
        "quarkus.flyway.jdbc-url", url,
        "quarkus.flyway.username", DatabaseRoles.OWNER,
        "quarkus.flyway.password", PASSWORD,
        "sallyport.audit.retention.password", PASSWORD);
  }

  private static TestDatabase start() throws SQLException {
    String given = System.getenv("SALLYPORT_TEST_DATABASE_URL");
    if (given != null) {
      return new TestDatabase(given, null, null);
    }
    if (DockerClientFactory.instance().isDockerAvailable()) {
      @SuppressWarnings("resource") // lives as long as the JVM; the engine's reaper ends it
      PostgreSQLContainer container = new PostgreSQLContainer("postgres:17");
      container.start();
      return new TestDatabase(
          container.getJdbcUrl(), container.getUsername(), container.getPassword());
    }
    try {
      @SuppressWarnings("resource") // its own shutdown hook stops it
      EmbeddedPostgres embedded =
          EmbeddedPostgres.builder()
              .setPGStartupWait(Duration.ofSeconds(60))
              .setServerConfig("max_connections", "200")
              .start();
      return new TestDatabase(embedded.getJdbcUrl("postgres", "postgres"), null, null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DataSource ownerDataSource(TestDatabase database) {
    return dataSource(database.url, DatabaseRoles.OWNER);
  }

  private static DataSource dataSource(String url, String user) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(url);
    source.setUser(user);
    source.setPassword(PASSWORD);
    return source;
  }
}
