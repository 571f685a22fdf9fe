package io.sallyport.audit.log;

import io.sallyport.seal.MasterKey;
import io.sallyport.seal.RowMac;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * The key that signs now and the public halves of all that ever signed. A roll-over is another key
 * file and a restart: the new key signs, the old one stays listed.
 */
public final class LogKeys {

  private static final Logger LOG = Logger.getLogger(LogKeys.class);

  private static final String INSERT =
      """
      insert into log_key (name, public_key, since, mac) values (?, ?, ?, ?)
      on conflict (name, public_key) do nothing
      """;

  private static final String ALL =
      "select name, public_key, since, mac from log_key order by since, name, public_key";

  private static final String FIND = "select mac from log_key where name = ? and public_key = ?";

  /** A key that is listed, and since when. */
  public record Listed(NoteKey key, Instant since) {}

  private final DataSource dataSource;
  private final RowMac mac;
  private final Clock clock;
  private final SigningKey signing;
  private final NoteKey current;
  private volatile List<NoteKey> known = List.of();

  public LogKeys(
      DataSource dataSource,
      MasterKey masterKey,
      Clock clock,
      SigningKey signing,
      LogSettings settings) {
    this.dataSource = dataSource;
    this.mac = new RowMac(masterKey, "log-key");
    this.clock = clock;
    this.signing = signing;
    this.current = signing.named(settings.origin());
  }

  /** The key that signs, as others verify it. */
  public NoteKey current() {
    return current;
  }

  SigningKey signing() {
    return signing;
  }

  /** Lists the current key, in the caller's transaction; may be repeated. */
  void publish(Connection connection) throws SQLException {
    try (var insert = connection.prepareStatement(INSERT)) {
      insert.setString(1, current.name());
      insert.setBytes(2, current.raw());
      insert.setTimestamp(3, Timestamp.from(clock.instant()));
      insert.setBytes(4, macOf(current.name(), current.raw()));
      insert.executeUpdate();
    }
  }

  /** Whether the current key stands in the table, with our MAC. */
  public boolean isPublished() throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(FIND)) {
      statement.setString(1, current.name());
      statement.setBytes(2, current.raw());
      try (var row = statement.executeQuery()) {
        return row.next() && read(current.name(), current.raw(), row.getBytes(1)).isPresent();
      }
    }
  }

  /** All keys with our MAC, the oldest first, the current one always among them. */
  public List<Listed> list() throws SQLException {
    try (Connection connection = dataSource.getConnection()) {
      return list(connection);
    }
  }

  List<Listed> list(Connection connection) throws SQLException {
    var listed = new ArrayList<Listed>();
    try (var statement = connection.prepareStatement(ALL);
        var rows = statement.executeQuery()) {
      while (rows.next()) {
        Instant since = rows.getTimestamp(3).toInstant();
        read(rows.getString(1), rows.getBytes(2), rows.getBytes(4))
            .ifPresent(key -> listed.add(new Listed(key, since)));
      }
    }
    if (listed.stream().noneMatch(each -> each.key().equals(current))) {
      listed.add(new Listed(current, clock.instant()));
    }
    known = listed.stream().map(Listed::key).toList();
    return listed;
  }

  /** The keys as they were read last, or the current one before that. */
  Collection<NoteKey> known() {
    return known.isEmpty() ? List.of(current) : known;
  }

  private Optional<NoteKey> read(String name, byte[] raw, byte[] rowMac) {
    if (!mac.matches(rowMac, RowMac.field(name), raw)) {
      LOG.errorf("a key of the audit log named %s was not listed by us and is ignored", name);
      return Optional.empty();
    }
    return Optional.of(NoteKey.of(name, raw));
  }

  private byte[] macOf(String name, byte[] raw) {
    return mac.over(RowMac.field(name), raw);
  }
}
