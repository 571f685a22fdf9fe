package io.sallyport.audit.log;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** The lines of an export, as docs/audit.md describes them: one JSON object each. */
final class ExportLines implements LeafPages.Taker, AutoCloseable {

  private final JsonGenerator json;

  ExportLines(OutputStream out) throws IOException {
    json = new JsonFactory().createGenerator(out);
    json.setRootValueSeparator(new SerializedString("\n"));
    json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
  }

  void begin(Head head, Instant at, List<NoteKey> keys) throws IOException {
    open(head, at);
    json.writeEndObject();
    json.writeEndObject();
    keys(keys);
  }

  /**
   * Begins in the middle of the log.
   *
   * @param edge of the tree of the leaves before the first one here
   * @param first the smallest id whose record is meant to be here
   * @param last the greatest
   */
  void begin(Head head, Instant at, List<NoteKey> keys, Frontier edge, UUID first, UUID last)
      throws IOException {
    open(head, at);
    json.writeNumberField("from", edge.size());
    json.writeArrayFieldStart("edge");
    for (TreeHash root : edge.roots()) {
      json.writeString(root.toString());
    }
    json.writeEndArray();
    json.writeObjectFieldStart("records");
    json.writeStringField("first", first.toString());
    json.writeStringField("last", last.toString());
    json.writeEndObject();
    json.writeEndObject();
    json.writeEndObject();
    keys(keys);
  }

  private void open(Head head, Instant at) throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart("export");
    json.writeNumberField("v", 1);
    json.writeStringField("origin", head.checkpoint().origin());
    json.writeNumberField("size", head.size());
    json.writeStringField("at", at.toString());
  }

  private void keys(List<NoteKey> keys) throws IOException {
    for (NoteKey key : keys) {
      line("key", key.toString());
    }
  }

  @Override
  public void leaf(LeafPages.Row row) throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart("leaf");
    json.writeNumberField("index", row.number());
    json.writeStringField("hash", row.hash().toString());
    json.writeStringField("id", row.id());
    if (row.canonical() != null) {
      json.writeStringField("canonical", new String(row.canonical(), StandardCharsets.UTF_8));
      json.writeFieldName("columns");
      json.writeRawValue(row.columns());
    }
    json.writeEndObject();
    json.writeEndObject();
  }

  @Override
  public void head(String note) throws IOException {
    line("checkpoint", note);
  }

  void unlogged(UUID record) throws IOException {
    line("unlogged", record.toString());
  }

  void end(long leaves) throws IOException {
    json.writeStartObject();
    json.writeObjectFieldStart("end");
    json.writeNumberField("leaves", leaves);
    json.writeEndObject();
    json.writeEndObject();
    json.writeRaw('\n');
  }

  private void line(String name, String value) throws IOException {
    json.writeStartObject();
    json.writeStringField(name, value);
    json.writeEndObject();
  }

  @Override
  public void close() throws IOException {
    json.close();
  }
}
