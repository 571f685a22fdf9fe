package io.sallyport.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * {@code deploy/postgres/roles.sql} makes by psql what {@link DatabaseRoles} makes by JDBC. On a
 * server of its own, since roles are shared by all databases of one.
 */
class RolesScriptTest {

  private static EmbeddedPostgres server;

  @BeforeAll
  static void start() throws IOException {
    assumeTrue(exists("psql"), "psql is not installed");
    server = EmbeddedPostgres.builder().setPGStartupWait(Duration.ofSeconds(60)).start();
  }

  @AfterAll
  static void stop() throws IOException {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void makesWhatTheServiceMakesForItself() throws Exception {
    assertThat(run("database=by_script", "owner_password=it's", "app_password=other").status())
        .isZero();
    String roles =
        query(
            "select string_agg(%s, ' ' order by rolname) from pg_roles where rolname ~ '^sallyport'");
    try (var superuser = server.getPostgresDatabase().getConnection()) {
      DatabaseRoles.ensure(superuser, "by_service", "Owner1", "App1");
    }

    assertThat(
            query(
                "select string_agg(%s, ' ' order by rolname) from pg_roles where rolname ~ '^sallyport'"))
        .isEqualTo(roles);
    assertThat(rightsOn("by_script")).isEqualTo(rightsOn("by_service")).isNotEmpty();
  }

  @Test
  void mayBeRepeated() throws Exception {
    run("database=twice", "owner_password=a", "app_password=b");

    assertThat(run("database=twice", "owner_password=c", "app_password=d"))
        .isEqualTo(new Ended(0, ""));
  }

  @Test
  void failsWithoutAPassword() throws Exception {
    Ended ended = run("database=never", "app_password=b");

    assertThat(ended.status()).isNotZero();
    assertThat(ended.output()).contains("owner_password is not set");
    assertThat(query("select count(*)::text from pg_database where datname = 'never'"))
        .isEqualTo("0");
  }

  private record Ended(int status, String output) {}

  private static Ended run(String... variables) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of("psql", "-qX", "-h", "127.0.0.1", "-p", Integer.toString(server.getPort())));
    command.addAll(List.of("-U", "postgres"));
    for (String variable : variables) {
      command.addAll(List.of("-v", variable));
    }
    command.addAll(List.of("-f", "deploy/postgres/roles.sql", "postgres"));
    Process psql = new ProcessBuilder(command).redirectErrorStream(true).start();
    psql.getOutputStream().close();
    String output = new String(psql.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(psql.waitFor(), output);
  }

  private static TreeSet<String> rightsOn(String database) throws SQLException {
    return new TreeSet<>(
        List.of(
            query(
                    "select array_to_string(datacl, ' ') || ' ' || pg_get_userbyid(datdba)"
                        + " from pg_database where datname = '"
                        + database
                        + "'")
                .split(" ")));
  }

  private static String query(String sql) throws SQLException {
    String attributes =
        "concat_ws(',', rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin, rolreplication,"
            + " rolbypassrls)";
    try (var connection = server.getPostgresDatabase().getConnection();
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql.formatted(attributes))) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static boolean exists(String program) {
    try {
      return new ProcessBuilder(program, "--version").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
