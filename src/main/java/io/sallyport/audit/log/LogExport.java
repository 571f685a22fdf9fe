package io.sallyport.audit.log;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Writes the whole log below one head as lines of JSON, so that whoever has the file can check it
 * without us. docs/audit.md describes the lines. Reads page by page: memory is bounded, and no
 * transaction stays open while a slow reader takes its time.
 */
public final class LogExport {

  private static final int PAGE = 500;
  private static final UUID FIRST = new UUID(0, 0);

  private static final String LEAVES =
      """
      select l.number, l.hash, l.record_id, r.canonical,
             case when r.id is not null then json_build_object(
               'id', r.id,
               'at', to_char(r.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'kind', r.kind, 'door', r.door, 'outcome', r.outcome, 'reasons', r.reasons,
               'deviceId', r.device_id, 'thumbprint', encode(r.thumbprint, 'hex'), 'source', r.source,
               'actor', r.actor, 'count', r.count, 'replica', r.replica, 'salt', encode(r.salt, 'hex'),
               'personal', r.personal)::text end
      from log_leaf l left join audit_record r on r.id = l.record_id
      where l.number >= ? and l.number < ?
      order by l.number
      """;

  private static final String HEADS =
      "select size, note from log_checkpoint where size > ? and size <= ? order by size";

  private static final String UNLOGGED =
      """
      select r.id, l.record_id is null
      from (select id from audit_record where id > ? order by id limit %d) r
        left join log_leaf l on l.record_id = r.id
      order by r.id
      """
          .formatted(20 * PAGE);

  private record Signed(long size, String note) {}

  private final DataSource dataSource;
  private final Head head;
  private final List<NoteKey> keys;
  private final Instant at;

  LogExport(DataSource dataSource, Head head, List<NoteKey> keys, Instant at) {
    this.dataSource = dataSource;
    this.head = head;
    this.keys = keys;
    this.at = at;
  }

  /**
   * @throws IOException if {@code out} takes no more
   */
  public void write(OutputStream out) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.setRootValueSeparator(new com.fasterxml.jackson.core.io.SerializedString("\n"));
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      begin(json);
      long leaves = 0;
      for (long from = 0; from < head.size(); from += PAGE) {
        leaves += page(json, from, Math.min(from + PAGE, head.size()));
      }
      unlogged(json);
      json.writeStartObject();
      json.writeObjectFieldStart("end");
      json.writeNumberField("leaves", leaves);
      json.writeEndObject();
      json.writeEndObject();
      json.writeRaw('\n');
    } catch (SQLException e) {
      // The status is sent: what tells the reader is that the last line is missing.
      throw new IOException("the audit log can't be read", e);
    }
  }

  private void begin(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart("export");
    json.writeNumberField("v", 1);
    json.writeStringField("origin", head.checkpoint().origin());
    json.writeNumberField("size", head.size());
    json.writeStringField("at", at.toString());
    json.writeEndObject();
    json.writeEndObject();
    for (NoteKey key : keys) {
      line(json, "key", key.toString());
    }
  }

  private static void line(JsonGenerator json, String name, String value) throws IOException {
    json.writeStartObject();
    json.writeStringField(name, value);
    json.writeEndObject();
  }

  private int page(JsonGenerator json, long from, long to) throws SQLException, IOException {
    int leaves = 0;
    try (Connection connection = dataSource.getConnection()) {
      Deque<Signed> heads = heads(connection, from, to);
      try (var statement = connection.prepareStatement(LEAVES)) {
        statement.setLong(1, from);
        statement.setLong(2, to);
        try (var rows = statement.executeQuery()) {
          for (; rows.next(); leaves++) {
            long number = rows.getLong(1);
            heads(json, heads, number);
            leaf(
                json,
                number,
                rows.getBytes(2),
                rows.getString(3),
                rows.getBytes(4),
                rows.getString(5));
          }
        }
      }
      heads(json, heads, to);
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

  /** A head stands behind the last leaf of its tree. */
  private static void heads(JsonGenerator json, Deque<Signed> heads, long size) throws IOException {
    while (!heads.isEmpty() && heads.peek().size() <= size) {
      line(json, "checkpoint", heads.poll().note());
    }
  }

  private static void leaf(
      JsonGenerator json, long number, byte[] hash, String id, byte[] canonical, String columns)
      throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart("leaf");
    json.writeNumberField("index", number);
    json.writeStringField("hash", TreeHash.of(hash).toString());
    json.writeStringField("id", id);
    if (canonical != null) {
      json.writeStringField("canonical", new String(canonical, StandardCharsets.UTF_8));
      json.writeFieldName("columns");
      json.writeRawValue(columns);
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  /** Records that are no leaves: a second old at most, unless somebody kept them out. */
  private void unlogged(JsonGenerator json) throws SQLException, IOException {
    UUID last = FIRST;
    boolean more = true;
    while (more) {
      more = false;
      try (Connection connection = dataSource.getConnection();
          var statement = connection.prepareStatement(UNLOGGED)) {
        statement.setObject(1, last);
        try (var rows = statement.executeQuery()) {
          while (rows.next()) {
            more = true;
            last = rows.getObject(1, UUID.class);
            if (rows.getBoolean(2)) {
              line(json, "unlogged", last.toString());
            }
          }
        }
      }
    }
  }
}
