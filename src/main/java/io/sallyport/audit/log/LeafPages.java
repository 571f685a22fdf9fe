package io.sallyport.audit.log;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Reads leaves in order with their records and with the heads that were signed over them. Page by
 * page: memory is bounded, and no transaction stays open while a slow reader takes its time.
 */
final class LeafPages {

  static final UUID FIRST = new UUID(0, 0);
  static final UUID LAST = new UUID(-1, -1);

  private static final int PAGE = 500;

  // Lateral and limited, so that each record is looked up by its key: for a plain join the planner
  // may choose to read the whole table, again for every page.
  private static final String LEAVES =
      """
      select l.number, l.hash, l.record_id, r.canonical, r.columns
      from log_leaf l
        left join lateral (
          select r.canonical, json_build_object(
                   'id', r.id,
                   'at', to_char(r.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                   'kind', r.kind, 'door', r.door, 'outcome', r.outcome, 'reasons', r.reasons,
                   'deviceId', r.device_id, 'thumbprint', encode(r.thumbprint, 'hex'),
                   'source', case when p.personal then r.source end,
                   'actor', r.actor, 'count', r.count, 'replica', r.replica,
                   'salt', case when p.personal then encode(r.salt, 'hex') else '' end,
                   'personal', case when p.personal then r.personal else '{}'::jsonb end)::text as columns
          from audit_record r, (select ?::boolean as personal) p
          where r.id = l.record_id and r.id >= ? and r.id <= ?
          limit 1) r on true
      where l.number >= ? and l.number < ?
      order by l.number
      """;

  private static final String HEADS =
      "select size, note from log_checkpoint where size > ? and size <= ? order by size";

  /**
   * @param canonical null if the record is not there, or not asked for
   * @param columns the row's other columns as a JSON object, or null with {@code canonical}
   */
  record Row(long number, TreeHash hash, String id, byte[] canonical, String columns) {}

  interface Taker {
    void leaf(Row row) throws IOException;

    /** A head stands behind the last leaf of its tree. */
    void head(String note) throws IOException;
  }

  private record Records(UUID first, UUID last, boolean personal) {}

  private record Signed(long size, String note) {}

  private final DataSource dataSource;

  LeafPages(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** Hands over the leaves of {@code [from, to)}, and says how many there were. */
  long read(long from, long to, Taker taker) throws SQLException, IOException {
    return read(from, to, new Records(FIRST, LAST, true), taker);
  }

  /**
   * The same, with those records alone whose ids are of {@code [first, last]}, and these without
   * personal data.
   */
  long archive(long from, long to, UUID first, UUID last, Taker taker)
      throws SQLException, IOException {
    return read(from, to, new Records(first, last, false), taker);
  }

  private long read(long from, long to, Records records, Taker taker)
      throws SQLException, IOException {
    long leaves = 0;
    for (long page = from; page < to; page += PAGE) {
      leaves += page(page, Math.min(page + PAGE, to), records, taker);
    }
    return leaves;
  }

  private int page(long from, long to, Records records, Taker taker)
      throws SQLException, IOException {
    int leaves = 0;
    try (Connection connection = dataSource.getConnection()) {
      Deque<Signed> heads = heads(connection, from, to);
      try (var statement = connection.prepareStatement(LEAVES)) {
        statement.setBoolean(1, records.personal());
        statement.setObject(2, records.first());
        statement.setObject(3, records.last());
        statement.setLong(4, from);
        statement.setLong(5, to);
        try (var rows = statement.executeQuery()) {
          for (; rows.next(); leaves++) {
            long number = rows.getLong(1);
            pass(heads, number, taker);
            taker.leaf(
                new Row(
                    number,
                    TreeHash.of(rows.getBytes(2)),
                    rows.getString(3),
                    rows.getBytes(4),
                    rows.getString(5)));
          }
        }
      }
      pass(heads, to, taker);
    }
    return leaves;
  }

  private static Deque<Signed> heads(Connection connection, long from, long to)
      throws SQLException {
    var heads = new ArrayDeque<Signed>();
    try (var statement = connection.prepareStatement(HEADS)) {
      statement.setLong(1, from);
      statement.setLong(2, to);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          heads.add(new Signed(rows.getLong(1), rows.getString(2)));
        }
      }
    }
    return heads;
  }

  private static void pass(Deque<Signed> heads, long size, Taker taker) throws IOException {
    while (!heads.isEmpty() && heads.peek().size() <= size) {
      taker.head(heads.poll().note());
    }
  }
}
