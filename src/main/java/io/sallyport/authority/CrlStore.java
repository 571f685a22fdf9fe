package io.sallyport.authority;

import io.sallyport.revocation.RevocationReason;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The rows of published lists; every method joins the connection it is given. */
final class CrlStore {

  /** A revoked certificate of one CA. */
  record Entry(BigInteger serial, Instant revokedAt, RevocationReason reason, int shard) {
    byte[] der() {
      return CrlEntry.encode(serial, revokedAt, reason);
    }
  }

  private static final int DROPPED_AT_ONCE = 50_000;

  /** A replica may still be fetching the list before the last. */
  private static final int KEPT_LISTS = 3;

  // Held until the transaction ends, wherever the connection goes.
  private static final String LOCK = "select pg_try_advisory_xact_lock(?)";

  private static final String TAKE_PENDING =
      """
      delete from crl_pending
       where id = any (array (
         select id from crl_pending where issuer_key = ? order by id limit ?))
      returning serial
      """;

  // What was revoked of outside CAs; the day is for a CA of ours that is about to have its first
  // list.
  private static final String FORGET_PENDING_OF_OTHERS =
      """
      delete from crl_pending
       where noted_at < now() - interval '1 day'
         and issuer_key not in (select issuer_key from crl_number)
      """;

  private static final String IS_PENDING =
      "select exists (select from crl_pending where issuer_key = ?)";

  private static final String COLUMNS =
      " r.serial, r.revoked_at, r.reason, i.crl_shard, i.not_after ";

  // By look-ups of single rows, whatever the planner believes: statistics that don't know yet of a
  // bulk revocation made it sort the whole table for every page.
  private static final String ISSUED =
      """
      left join lateral (select crl_shard, not_after from issuance
                          where issuer_key = r.issuer_key and serial = r.serial limit 1) i on true
      """;

  private static final String WALK =
      "set local enable_bitmapscan = off; set local enable_sort = off";

  private static final String NAMED =
      "select"
          + COLUMNS
          + """
          from unnest(?::text[]) as asked (serial)
            join revocation r on r.issuer_key = ? and r.serial = asked.serial
          """
          + ISSUED;

  // Page by page along the primary key: bounded memory here, short statements there.
  private static final String PAGE =
      "select"
          + COLUMNS
          + " from revocation r "
          + ISSUED
          + " where r.issuer_key = ? and r.serial > ? order by r.serial limit ?";

  private static final String SHARDS = "select shard from crl_number where issuer_key = ?";

  // Never lower than the seconds since 1970: a database brought back from an old back-up does not
  // go back in its numbers.
  private static final String NEXT_NUMBER =
      """
      insert into crl_number (issuer_key, shard, number) values (?, ?, ?)
      on conflict (issuer_key, shard) do update
         set number = greatest(crl_number.number + 1, excluded.number)
      returning number
      """;

  private static final String LAST_NUMBER =
      "select max(number) from crl where issuer_key = ? and shard = ?";

  private static final String LAST =
      """
      select number, this_update, next_update, built_at, entries, length, sha256, prefix, chunks, suffix
        from crl where issuer_key = ? and shard = ? order by number desc limit 1
      """;

  private static final String PUBLISH =
      """
      insert into crl (issuer_key, shard, number, this_update, next_update, built_at, entries, length,
                       sha256, prefix, chunks, suffix)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """;

  private static final String ADD_CHUNK =
      "insert into crl_chunk (issuer_key, shard, entries, der) values (?, ?, ?, ?) returning id";

  private static final String CHUNK = "select der from crl_chunk where id = ?";

  private static final String FORGET_LISTS =
      """
      delete from crl where issuer_key = ? and shard = ? and number <
        (select min(number) from (select number from crl where issuer_key = ? and shard = ?
                                   order by number desc limit ?) kept)
      """;

  private static final String FORGET_CHUNKS =
      """
      delete from crl_chunk where issuer_key = ? and shard = ?
         and id not in (select unnest(chunks) from crl where issuer_key = ? and shard = ?)
      """;

  private final byte[] issuerKey;

  CrlStore(byte[] issuerKey) {
    this.issuerKey = issuerKey;
  }

  /** Whether this transaction is the one that publishes for this CA. */
  boolean lock(Connection connection) throws SQLException {
    try (var statement = connection.prepareStatement(LOCK)) {
      // Another namespace than Flyway's and ours at the first start: 64 bits of a hash.
      statement.setLong(1, ByteBuffer.wrap(issuerKey).getLong());
      try (var rows = statement.executeQuery()) {
        return rows.next() && rows.getBoolean(1);
      }
    }
  }

  /** Has the pages of this transaction read along the index. */
  void walkByIndex(Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(WALK);
    }
  }

  boolean isPending(Connection connection) throws SQLException {
    try (var statement = connection.prepareStatement(IS_PENDING)) {
      statement.setBytes(1, issuerKey);
      try (var rows = statement.executeQuery()) {
        return rows.next() && rows.getBoolean(1);
      }
    }
  }

  /**
   * Takes the serials that no list holds as they are; empty if they are more than {@code most},
   * which are then taken all the same, for a list made anew.
   */
  Optional<Set<String>> takePending(Connection connection, int most) throws SQLException {
    var serials = new TreeSet<>(takeSome(connection, most));
    if (serials.size() < most) {
      return Optional.of(serials);
    }
    while (!takeSome(connection, DROPPED_AT_ONCE).isEmpty()) {
      // the database does it
    }
    return Optional.empty();
  }

  /** Drops what waits for the list of a CA that has none here. */
  void forgetPendingOfOthers(Connection connection) throws SQLException {
    try (var statement = connection.prepareStatement(FORGET_PENDING_OF_OTHERS)) {
      statement.executeUpdate();
    }
  }

  private List<String> takeSome(Connection connection, int most) throws SQLException {
    try (var statement = connection.prepareStatement(TAKE_PENDING)) {
      statement.setBytes(1, issuerKey);
      statement.setInt(2, most);
      var serials = new ArrayList<String>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          serials.add(rows.getString(1));
        }
      }
      return serials;
    }
  }

  /** The revocations of these serials, without those that ended before {@code endedBefore}. */
  List<Entry> entries(Connection connection, Set<String> serials, Instant endedBefore, int shards)
      throws SQLException {
    try (var statement = connection.prepareStatement(NAMED)) {
      statement.setArray(1, connection.createArrayOf("text", serials.toArray()));
      statement.setBytes(2, issuerKey);
      var entries = new ArrayList<Entry>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          entry(rows, endedBefore, shards).ifPresent(entries::add);
        }
      }
      return entries;
    }
  }

  /**
   * One page of the revocations of this CA.
   *
   * @param last the last serial of the page before; empty for the first page
   * @return the last serial of this page, or null if there is no other
   */
  String page(
      Connection connection,
      String last,
      int size,
      Instant endedBefore,
      int shards,
      List<Entry> into)
      throws SQLException {
    try (var statement = connection.prepareStatement(PAGE)) {
      statement.setBytes(1, issuerKey);
      statement.setString(2, last);
      statement.setInt(3, size);
      int read = 0;
      String end = null;
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          read++;
          end = rows.getString(1);
          entry(rows, endedBefore, shards).ifPresent(into::add);
        }
      }
      return read < size ? null : end;
    }
  }

  private static Optional<Entry> entry(ResultSet row, Instant endedBefore, int shards)
      throws SQLException {
    Timestamp end = row.getTimestamp(5);
    if (end != null && end.toInstant().isBefore(endedBefore)) {
      return Optional.empty();
    }
    BigInteger serial = new BigInteger(row.getString(1), 16);
    int shard = row.getInt(4);
    if (row.wasNull()) {
      // Never issued as far as we know: on the list that its certificate would name today.
      shard = CrlShard.of(serial, shards);
    }
    return Optional.of(
        new Entry(
            serial, row.getTimestamp(2).toInstant(), CrlEntry.reason(row.getString(3)), shard));
  }

  /** The shards that ever had a list. */
  Set<Integer> shards(Connection connection) throws SQLException {
    try (var statement = connection.prepareStatement(SHARDS)) {
      statement.setBytes(1, issuerKey);
      var shards = new TreeSet<Integer>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          shards.add(rows.getInt(1));
        }
      }
      return shards;
    }
  }

  long nextNumber(Connection connection, int shard, Instant now) throws SQLException {
    try (var statement = of(connection, NEXT_NUMBER, shard)) {
      statement.setLong(3, now.getEpochSecond());
      try (var rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }

  /** The number of the last published list, or 0. */
  long lastNumber(Connection connection, int shard) throws SQLException {
    try (var statement = of(connection, LAST_NUMBER, shard);
        var rows = statement.executeQuery()) {
      return rows.next() ? rows.getLong(1) : 0;
    }
  }

  Optional<PublishedList> last(Connection connection, int shard) throws SQLException {
    try (var statement = of(connection, LAST, shard);
        var row = statement.executeQuery()) {
      if (!row.next()) {
        return Optional.empty();
      }
      return Optional.of(
          new PublishedList(
              issuerKey,
              shard,
              row.getLong(1),
              row.getTimestamp(2).toInstant(),
              row.getTimestamp(3).toInstant(),
              row.getTimestamp(4).toInstant(),
              row.getLong(5),
              row.getLong(6),
              row.getBytes(7),
              row.getBytes(8),
              Arrays.asList((Long[]) row.getArray(9).getArray()),
              row.getBytes(10)));
    }
  }

  /** Publishes a list and drops those that nobody can be reading any more. */
  void publish(Connection connection, PublishedList list) throws SQLException {
    try (var statement = of(connection, PUBLISH, list.shard())) {
      statement.setLong(3, list.number());
      statement.setTimestamp(4, Timestamp.from(list.thisUpdate()));
      statement.setTimestamp(5, Timestamp.from(list.nextUpdate()));
      statement.setTimestamp(6, Timestamp.from(list.builtAt()));
      statement.setLong(7, list.entries());
      statement.setLong(8, list.length());
      statement.setBytes(9, list.sha256());
      statement.setBytes(10, list.prefix());
      statement.setArray(11, connection.createArrayOf("bigint", list.chunks().toArray()));
      statement.setBytes(12, list.suffix());
      statement.executeUpdate();
    }
    try (var statement = of(connection, FORGET_LISTS, list.shard())) {
      statement.setBytes(3, issuerKey);
      statement.setInt(4, list.shard());
      statement.setInt(5, KEPT_LISTS);
      statement.executeUpdate();
    }
    try (var statement = of(connection, FORGET_CHUNKS, list.shard())) {
      statement.setBytes(3, issuerKey);
      statement.setInt(4, list.shard());
      statement.executeUpdate();
    }
  }

  long addChunk(Connection connection, int shard, int entries, byte[] der) throws SQLException {
    try (var statement = of(connection, ADD_CHUNK, shard)) {
      statement.setInt(3, entries);
      statement.setBytes(4, der);
      try (var rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }

  /** Empty if a newer list replaced it. */
  static Optional<byte[]> chunk(Connection connection, long id) throws SQLException {
    try (var statement = connection.prepareStatement(CHUNK)) {
      statement.setLong(1, id);
      try (var rows = statement.executeQuery()) {
        return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.empty();
      }
    }
  }

  private PreparedStatement of(Connection connection, String sql, int shard) throws SQLException {
    var statement = connection.prepareStatement(sql);
    statement.setBytes(1, issuerKey);
    statement.setInt(2, shard);
    return statement;
  }
}
