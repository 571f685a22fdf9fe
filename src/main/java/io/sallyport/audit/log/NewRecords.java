package io.sallyport.audit.log;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Finds records that are no leaves yet. Transactions end out of order, so a number or a time would
 * leave gaps: what an earlier snapshot did not show is found by the transaction that wrote it.
 * Without such a snapshot (an empty log, a restored dump) the table is walked through once, page by
 * page. Not thread-safe.
 */
final class NewRecords {

  /**
   * The planner guesses badly at a moving end; these are always few rows at the end of an index.
   */
  private static final String PLAN =
      """
      set local enable_seqscan = off;
      set local enable_hashjoin = off;
      set local enable_mergejoin = off
      """;

  // Transaction numbers stand in the text, so that the planner sees them; they come from Postgres.
  private static final String SINCE =
      """
      with fresh as materialized (
        (select id, written from audit_record r
         where written = any ('%2$s'::xid8[])
           and not exists (select from log_leaf l where l.record_id = r.id)
         order by written limit %1$d)
        union all
        (select id, written from audit_record r
         where written >= '%3$d'::xid8 and written < pg_snapshot_xmax(pg_current_snapshot())
           and not exists (select from log_leaf l where l.record_id = r.id)
         order by written limit %1$d))
      select r.id, r.canonical, f.written::text, pg_current_snapshot()::text
      from fresh f join audit_record r on r.id = f.id
      order by f.written, f.id
      limit %1$d
      """;

  private static final String PAGE =
      """
      select r.id, case when l.record_id is null then r.canonical end
      from (select id, canonical from audit_record where id > ? order by id limit %d) r
        left join log_leaf l on l.record_id = r.id
      order by r.id
      """;

  private static final UUID FIRST = new UUID(0, 0);

  /** A record to be sequenced. */
  record Found(UUID id, TreeHash hash) {}

  /**
   * What one look found.
   *
   * @param seen the snapshot up to which all records are leaves once these are; null in the middle
   *     of a walk
   * @param more whether another look should follow at once
   */
  record Batch(List<Found> records, Snapshot seen, boolean more) {}

  private final int limit;
  private UUID walkedTo;
  private Snapshot walkBegan;
  private Snapshot walked;

  NewRecords(int limit) {
    this.limit = limit;
  }

  /**
   * @param seen of the newest head; null if it can't tell
   */
  Batch look(Connection connection, String seen) throws SQLException {
    if (seen != null) {
      walked = null;
      walkedTo = null;
      return since(connection, Snapshot.parse(seen));
    }
    return walked != null ? since(connection, walked) : walk(connection);
  }

  private Batch since(Connection connection, Snapshot seen) throws SQLException {
    var found = new ArrayList<Found>();
    long last = 0;
    Snapshot now = seen;
    try (var statement = connection.createStatement()) {
      statement.execute(PLAN);
      String query = SINCE.formatted(limit, seen.runningAsArray(), seen.end());
      try (var rows = statement.executeQuery(query)) {
        while (rows.next()) {
          found.add(found(rows));
          last = Long.parseUnsignedLong(rows.getString(3));
          now = Snapshot.parse(rows.getString(4));
        }
      }
    }
    boolean full = found.size() == limit;
    // Of the last transaction there may be more; of those before it there is none.
    return new Batch(found, full ? now.before(last) : now, full);
  }

  private Batch walk(Connection connection) throws SQLException {
    if (walkedTo == null) {
      walkBegan = snapshot(connection);
      walkedTo = FIRST;
    }
    var found = new ArrayList<Found>();
    UUID last = walkedTo;
    int read = 0;
    try (var statement = connection.prepareStatement(PAGE.formatted(limit))) {
      statement.setObject(1, walkedTo);
      try (var rows = statement.executeQuery()) {
        for (; rows.next(); read++) {
          last = rows.getObject(1, UUID.class);
          if (rows.getBytes(2) != null) {
            found.add(found(rows));
          }
        }
      }
    }
    boolean more = read == limit;
    walkedTo = last;
    walked = more ? null : walkBegan;
    return new Batch(found, walked, more);
  }

  /** After a failure: what was found may not have become leaves. */
  void startOver() {
    walkedTo = null;
    walked = null;
  }

  private static Found found(ResultSet row) throws SQLException {
    return new Found(row.getObject(1, UUID.class), Leaf.hashOf(row.getBytes(2)));
  }

  private static Snapshot snapshot(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery("select pg_current_snapshot()::text")) {
      row.next();
      return Snapshot.parse(row.getString(1));
    }
  }
}
