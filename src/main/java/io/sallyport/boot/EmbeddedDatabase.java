package io.sallyport.boot;

import io.quarkus.runtime.Application;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * A real PostgreSQL beside the service, for development and single machines: kept data, fsync on,
 * loopback only, passwords asked for. The only class that names the embedded distribution, which is
 * an optional dependency.
 *
 * <p>It is not for production clusters: one machine, one instance, no replication, no back-up.
 */
final class EmbeddedDatabase {

  private static final Logger LOG = Logger.getLogger(EmbeddedDatabase.class);

  /** How long the service may take to end before its database is stopped all the same. */
  private static final Duration SERVICE_END = Duration.ofSeconds(20);

  // The one superuser password opens what the data folder's owner could read anyway; scram keeps
  // other users out.
  private static final String HBA =
      """
      # Written by Sallyport at every start.
      host all all 127.0.0.1/32 scram-sha-256
      """;

  private EmbeddedDatabase() {}

  /**
   * Starts the database under {@code folder} and returns once both roles can sign in.
   *
   * @throws IllegalStateException if another Sallyport runs on the same folder
   */
  static DatabaseAddress start(Path folder, SecureRandom random) {
    PrivateFiles.directory(folder);
    Path cluster = folder.resolve("cluster");
    stopOrphan(cluster);
    String superuser = secret(folder.resolve("superuser"), random);
    String owner = secret(folder.resolve("owner"), random);
    String app = secret(folder.resolve("app"), random);
    String retention = secret(folder.resolve("retention"), random);
    try {
      EmbeddedPostgres postgres =
          EmbeddedPostgres.builder()
              .setDataDirectory(cluster)
              .setCleanDataDirectory(false)
              .setOverrideWorkingDirectory(PrivateFiles.directory(folder.resolve("bin")).toFile())
              .setPGStartupWait(Duration.ofSeconds(60))
              .setRegisterShutdownHook(false)
              .setConnectConfig("password", superuser)
              .setServerConfig("fsync", "on")
              .setServerConfig("synchronous_commit", "on")
              .setServerConfig("full_page_writes", "on")
              .setServerConfig("max_connections", "100")
              .setServerConfig("listen_addresses", "127.0.0.1")
              .setServerConfig("unix_socket_directories", "")
              .setServerConfig("password_encryption", "scram-sha-256")
              .start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stopLast(postgres), "postgres-stop"));
      try (var connection = postgres.getPostgresDatabase().getConnection();
          var statement = connection.createStatement()) {
        statement.execute("alter role postgres password '" + superuser + "'");
        DatabaseRoles.ensure(connection, DatabaseRoles.DATABASE, owner, app, retention);
        PrivateFiles.write(cluster.resolve("pg_hba.conf"), HBA.getBytes());
        statement.execute("select pg_reload_conf()");
      }
      String url =
          "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/" + DatabaseRoles.DATABASE;
      return new DatabaseAddress(
          url, DatabaseRoles.APP, app, DatabaseRoles.OWNER, owner, retention);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the embedded PostgreSQL under " + folder + " did not start", e);
    } catch (SQLException e) {
      throw new IllegalStateException("the embedded PostgreSQL could not be prepared", e);
    }
  }

  /**
   * Hooks run all at once, but the doors must close and the last records be written before the
   * database goes.
   */
  private static void stopLast(EmbeddedPostgres postgres) {
    Application service = Application.currentApplication();
    if (service != null) {
      Thread end = Thread.ofPlatform().daemon().start(service::awaitShutdown);
      try {
        end.join(SERVICE_END);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    try {
      postgres.close();
    } catch (IOException e) {
      LOG.error("the embedded PostgreSQL was not stopped", e);
    }
  }

  private static String secret(Path file, SecureRandom random) {
    return HexFormat.of().formatHex(PrivateFiles.randomOnce(file, 24, random));
  }

  /**
   * After kill -9 of the service its postmaster lives on and holds the cluster. It is ours to stop
   * if nobody holds the lock that a living service keeps.
   */
  private static void stopOrphan(Path cluster) {
    Path pidFile = cluster.resolve("postmaster.pid");
    Path lock = cluster.resolve("epg-lock");
    if (!Files.exists(pidFile) || !Files.exists(lock)) {
      return;
    }
    try (var channel = FileChannel.open(lock, StandardOpenOption.WRITE);
        var held = channel.tryLock()) {
      if (held == null) {
        throw new IllegalStateException(
            "another Sallyport runs on " + cluster.getParent() + "; stop it or set SALLYPORT_DATA");
      }
      long pid = Long.parseLong(Files.readAllLines(pidFile).getFirst().strip());
      Optional<ProcessHandle> process = ProcessHandle.of(pid);
      if (process.isPresent() && isPostmasterOf(process.get(), cluster)) {
        interrupt(process.get());
      } else if (process.isPresent()) {
        // After a crash of the machine the number may belong to anybody; PostgreSQL would refuse to
        // start as long as that process lives.
        LOG.infof("Forgetting a PostgreSQL that is gone (pid %d is another process now)", pid);
        Files.delete(pidFile);
      }
    } catch (IOException | NumberFormatException e) {
      throw new IllegalStateException(
          "the state of the embedded PostgreSQL is unclear: " + pidFile, e);
    }
  }

  /** Whether it is the one of this cluster and not, say, that of another Sallyport. */
  private static boolean isPostmasterOf(ProcessHandle process, Path cluster) throws IOException {
    if (!process.info().command().orElse("").endsWith("/postgres")) {
      return false;
    }
    // A postmaster works in its cluster's folder. Where the system does not tell, the name decides.
    Path folder = Path.of("/proc", Long.toString(process.pid()), "cwd");
    return !Files.isReadable(folder) || Files.isSameFile(folder, cluster);
  }

  private static void interrupt(ProcessHandle postmaster) {
    LOG.infof("Stopping the PostgreSQL that an earlier run left behind (pid %d)", postmaster.pid());
    try {
      // SIGINT is PostgreSQL's fast shutdown; ProcessHandle could only send the slow one.
      new ProcessBuilder("kill", "-INT", Long.toString(postmaster.pid())).start().waitFor();
      postmaster.onExit().get(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while an earlier PostgreSQL stopped", e);
    } catch (Exception e) {
      throw new IllegalStateException(
          "PostgreSQL of an earlier run does not stop: pid " + postmaster.pid(), e);
    }
  }
}
