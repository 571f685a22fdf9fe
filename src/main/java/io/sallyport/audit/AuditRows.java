package io.sallyport.audit;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Function;

/** The table {@code audit_record}, as far as it is written. */
final class AuditRows {

  // One array per column, whatever the number of rows: the statement is the same for every batch.
  // An array of arrays
  // would come apart in unnest, so the reasons travel as literals.
  private static final String INSERT =
      """
      insert into audit_record (id, at, kind, door, outcome, reasons, device_id, thumbprint, source, actor, count,
                                replica, canonical, salt, personal)
      select id, at::timestamptz, kind, door, outcome, reasons::text[], device_id, thumbprint, source::inet, actor,
             count, replica, canonical, salt, personal::jsonb
      from unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::uuid[], ?::bytea[], ?::text[],
                  ?::text[], ?::int4[], ?::text[], ?::bytea[], ?::bytea[], ?::text[])
        as r (id, at, kind, door, outcome, reasons, device_id, thumbprint, source, actor, count, replica, canonical,
              salt, personal)
      on conflict (id) do nothing
      """;

  private AuditRows() {}

  /**
   * Inserts all records by one statement, in the caller's transaction; those that are there already
   * are left.
   */
  static void insert(Connection connection, List<EncodedRecord> records) throws SQLException {
    try (var statement = connection.prepareStatement(INSERT)) {
      var columns = new Columns(connection, statement, records);
      columns.objects("uuid", EncodedRecord::id);
      columns.objects("text", EncodedRecord::at);
      columns.objects("text", r -> r.kind().wire());
      columns.objects("text", EncodedRecord::door);
      columns.objects("text", EncodedRecord::outcome);
      columns.objects("text", r -> literal(r.reasons()));
      columns.objects("uuid", EncodedRecord::device);
      columns.bytes(EncodedRecord::thumbprint);
      columns.objects("text", EncodedRecord::source);
      columns.objects("text", EncodedRecord::actor);
      columns.objects("int4", EncodedRecord::count);
      columns.objects("text", EncodedRecord::replica);
      columns.bytes(EncodedRecord::canonical);
      columns.bytes(EncodedRecord::salt);
      columns.objects("text", r -> new String(r.personal(), StandardCharsets.UTF_8));
      statement.executeUpdate();
    }
  }

  /** A text array as Postgres reads it from text. */
  private static String literal(List<String> values) {
    var literal = new StringBuilder("{");
    for (String value : values) {
      literal.append(literal.length() > 1 ? ",\"" : "\"");
      literal.append(value.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
    }
    return literal.append('}').toString();
  }

  private static final class Columns {

    private final Connection connection;
    private final PreparedStatement statement;
    private final List<EncodedRecord> records;
    private int next = 1;

    Columns(Connection connection, PreparedStatement statement, List<EncodedRecord> records) {
      this.connection = connection;
      this.statement = statement;
      this.records = records;
    }

    void objects(String type, Function<EncodedRecord, Object> column) throws SQLException {
      statement.setArray(
          next++, connection.createArrayOf(type, records.stream().map(column).toArray()));
    }

    void bytes(Function<EncodedRecord, byte[]> column) throws SQLException {
      statement.setArray(
          next++,
          connection.createArrayOf("bytea", records.stream().map(column).toArray(byte[][]::new)));
    }
  }
}
