package io.sallyport.audit.retention;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.audit.log.LogArchive;
import io.sallyport.audit.log.LogKeys;
import io.sallyport.audit.log.NoteKey;
import io.sallyport.audit.verify.LogVerifier;
import io.sallyport.audit.verify.Report;
import io.sallyport.identity.Uuids;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Drops the months that are past their time, the oldest first.
 *
 * <pre>
 * held? ─ yes ─▶ stays
 *   └ no ─▶ archive written, fsynced ─▶ checked from the file ─▶ on record ─▶ dropped by Postgres, which looks again
 * </pre>
 *
 * A crash anywhere leaves a month that is dropped at the next run, and at most a second record of
 * it. One replica at a time does this.
 */
public final class Retention {

  private static final Logger LOG = Logger.getLogger(Retention.class);

  /** "sallyRet" in ASCII. */
  private static final long LOCK = 0x73616c6c79526574L;

  private static final String DUE =
      """
      select name, lower, upper, audit_is_held(lower, upper)
      from audit_partition
      where dropped_at is null and upper <= ?
      order by lower
      """;

  private static final String DROP = "select audit_drop_partition(?, ?, ?, ?)";

  /** What became of a month that is past its time. */
  public sealed interface Outcome {

    String partition();

    record Dropped(String partition, Path archive, long records) implements Outcome {}

    record Held(String partition) implements Outcome {}

    /** A record of it is in no signed head yet. */
    record NotSigned(String partition) implements Outcome {}

    /** Its archive is not sound: it stays, and somebody has to look. */
    record Unsound(String partition, List<String> findings) implements Outcome {
      public Unsound {
        findings = List.copyOf(findings);
      }
    }
  }

  private record Partition(String name, UUID lower, UUID upper, boolean held) {

    /** The greatest id that belongs to it. */
    UUID last() {
      long low = upper.getLeastSignificantBits() - 1;
      return new UUID(
          upper.getMostSignificantBits() - (upper.getLeastSignificantBits() == 0 ? 1 : 0), low);
    }
  }

  private final RetentionSettings settings;
  private final AuditLog audit;
  private final LogKeys keys;
  private final Clock clock;
  private final Uuids ids;

  public Retention(
      RetentionSettings settings, AuditLog audit, LogKeys keys, Clock clock, Uuids ids) {
    this.settings = settings;
    this.audit = audit;
    this.keys = keys;
    this.clock = clock;
    this.ids = ids;
  }

  /**
   * Does what is due; nothing if no retention is set or another replica is at it.
   *
   * @throws IOException if the archive can't be written; nothing was dropped then that is not in
   *     one
   */
  public List<Outcome> run() throws SQLException, IOException {
    if (settings.after().isEmpty()) {
      return List.of();
    }
    DataSource database = settings.database().orElseThrow();
    var outcomes = new ArrayList<Outcome>();
    // The lock is the connection's: it ends with it, whatever happens here.
    try (Connection turn = database.getConnection()) {
      if (!isOurTurn(turn)) {
        return List.of();
      }
      for (Partition partition : due(turn)) {
        Outcome outcome =
            partition.held() ? new Outcome.Held(partition.name()) : drop(turn, database, partition);
        outcomes.add(outcome);
        if (outcome instanceof Outcome.Unsound unsound) {
          LOG.errorf(
              "ALERT audit_archive_unsound: %s stays, its archive is not sound: %s",
              unsound.partition(), unsound.findings());
        }
      }
    }
    return outcomes;
  }

  private static boolean isOurTurn(Connection connection) throws SQLException {
    try (var statement = connection.prepareStatement("select pg_try_advisory_lock(?)")) {
      statement.setLong(1, LOCK);
      try (var row = statement.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  private List<Partition> due(Connection connection) throws SQLException {
    Instant now = clock.instant();
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    Instant before =
        today.minus(settings.after().orElseThrow()).atStartOfDay().toInstant(ZoneOffset.UTC);
    try (var statement = connection.prepareStatement(DUE)) {
      statement.setObject(1, Uuids.lowest(before));
      try (var rows = statement.executeQuery()) {
        var due = new ArrayList<Partition>();
        while (rows.next()) {
          due.add(
              new Partition(
                  rows.getString(1),
                  rows.getObject(2, UUID.class),
                  rows.getObject(3, UUID.class),
                  rows.getBoolean(4)));
        }
        return due;
      }
    }
  }

  private Outcome drop(Connection turn, DataSource database, Partition partition)
      throws SQLException, IOException {
    Path folder = settings.archive().orElseThrow();
    Files.createDirectories(folder);
    Path unfinished = folder.resolve(partition.name() + ".ndjson.part");
    Optional<LogArchive.Written> written;
    try (var channel =
            FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
        var out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
      written =
          new LogArchive(database, keys)
              .write(partition.lower(), partition.last(), out, clock.instant());
      out.flush();
      channel.force(true);
    }
    if (written.isEmpty()) {
      Files.delete(unfinished);
      return new Outcome.NotSigned(partition.name());
    }
    long records = written.get().records();
    // From the file, as an auditor would: what is dropped is what can be read back.
    Report report = check(unfinished);
    if (!report.isSound()) {
      return new Outcome.Unsound(partition.name(), report.findings());
    }
    byte[] digest = sha256(unfinished);
    Path archive = folder.resolve(partition.name() + ".ndjson");
    move(unfinished, archive);
    record(partition, archive, digest, records);
    try (var statement = turn.prepareStatement(DROP)) {
      statement.setString(1, partition.name());
      statement.setString(2, archive.getFileName().toString());
      statement.setBytes(3, digest);
      statement.setLong(4, records);
      statement.execute();
    }
    LOG.infof("%s went to %s (%d records)", partition.name(), archive, records);
    return new Outcome.Dropped(partition.name(), archive, records);
  }

  private Report check(Path file) throws IOException, SQLException {
    List<NoteKey> ours = keys.list().stream().map(LogKeys.Listed::key).toList();
    try (var in = Files.newInputStream(file)) {
      return new LogVerifier(ours, List.of(), Duration.ofDays(3_660))
          .check(in, (leaves, size) -> {});
    }
  }

  private void record(Partition partition, Path archive, byte[] digest, long records) {
    audit.appendChange(
        new ChangeRecord(
            ids.next(),
            clock.instant(),
            LogVerifier.RETENTION_DROP,
            "system",
            null,
            null,
            null,
            Map.of(),
            Map.of(
                "partition", partition.name(),
                "firstId", partition.lower().toString(),
                "beyondId", partition.upper().toString(),
                "records", records,
                "archive", archive.getFileName().toString(),
                "sha256", HexFormat.of().formatHex(digest))));
  }

  private static void move(Path from, Path to) throws IOException {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
    }
    try (var folder = FileChannel.open(to.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }

  private static byte[] sha256(Path file) throws IOException {
    try (var in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
      return in.getMessageDigest().digest();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
