package io.sallyport.audit.log;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.audit.Csv;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Writes the whole log below one head, so that whoever has the file can check it without us.
 * docs/audit.md describes the lines. Memory is bounded, however long the log.
 */
public final class LogExport {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String UNLOGGED =
      """
      select r.id, l.record_id is null
      from (select id from audit_record where id > ? order by id limit 10000) r
        left join log_leaf l on l.record_id = r.id
      order by r.id
      """;

  private static final List<String> COLUMNS =
      List.of(
          "id",
          "at",
          "kind",
          "door",
          "outcome",
          "reasons",
          "deviceId",
          "thumbprint",
          "source",
          "actor",
          "count",
          "replica");

  private final DataSource dataSource;
  private final LeafPages pages;
  private final Head head;
  private final List<NoteKey> keys;
  private final Instant at;

  LogExport(DataSource dataSource, Head head, List<NoteKey> keys, Instant at) {
    this.dataSource = dataSource;
    this.pages = new LeafPages(dataSource);
    this.head = head;
    this.keys = keys;
    this.at = at;
  }

  /**
   * Everything that a check needs, one JSON object a line.
   *
   * @throws IOException if {@code out} takes no more
   */
  public void write(OutputStream out) throws IOException {
    try (var lines = new ExportLines(out)) {
      lines.begin(head, at, keys);
      long leaves = pages.read(0, head.size(), lines);
      unlogged(lines);
      lines.end(leaves);
    } catch (SQLException e) {
      // The status is sent: what tells the reader is that the last line is missing.
      throw new IOException("the audit log can't be read", e);
    }
  }

  /**
   * The records for a spreadsheet, below a header: index and hash of the leaf, the columns, and the
   * record's canonical form last. It proves nothing: that is what {@link #write} is for. Of a
   * record that is gone there is the leaf alone.
   *
   * @throws IOException if {@code out} takes no more
   */
  public void writeCsv(OutputStream out) throws IOException {
    var csv = new Csv(out);
    var header = new ArrayList<>(List.of("index", "hash"));
    header.addAll(COLUMNS);
    header.add("record");
    csv.line(header);
    try {
      pages.read(
          0,
          head.size(),
          new LeafPages.Taker() {
            @Override
            public void leaf(LeafPages.Row row) throws IOException {
              csv.line(cells(row));
            }

            @Override
            public void head(String note) {
              // No place for it in a table.
            }
          });
    } catch (SQLException e) {
      throw new IOException("the audit log can't be read", e);
    }
  }

  private static List<String> cells(LeafPages.Row row) throws IOException {
    var cells = new ArrayList<>(Arrays.asList(Long.toString(row.number()), row.hash().toString()));
    if (row.canonical() == null) {
      cells.add(row.id());
      return cells;
    }
    JsonNode columns = JSON.readTree(row.columns());
    for (String name : COLUMNS) {
      JsonNode value = columns.path(name);
      if (value.isArray()) {
        var words = new ArrayList<String>();
        value.forEach(each -> words.add(each.asText()));
        cells.add(String.join(" ", words));
      } else {
        cells.add(value.isNull() ? null : value.asText());
      }
    }
    cells.add(new String(row.canonical(), StandardCharsets.UTF_8));
    return cells;
  }

  /** Records that are no leaves: a second old at most, unless somebody kept them out. */
  private void unlogged(ExportLines lines) throws SQLException, IOException {
    UUID last = LeafPages.FIRST;
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
              lines.unlogged(last);
            }
          }
        }
      }
    }
  }
}
