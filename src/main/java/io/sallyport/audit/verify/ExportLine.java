package io.sallyport.audit.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.audit.RowCheck;
import io.sallyport.audit.log.Checkpoint;
import io.sallyport.audit.log.Frontier;
import io.sallyport.audit.log.Leaf;
import io.sallyport.audit.log.NoteKey;
import io.sallyport.audit.log.SignedNote;
import io.sallyport.audit.log.TreeHash;
import io.sallyport.identity.Uuids;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** One line of an export, read and checked as far as it can be alone. */
sealed interface ExportLine {

  /**
   * @param edge of the tree before the first leaf that follows
   * @param first the smallest id whose record should be here; the rest of the log is elsewhere
   * @param last the greatest
   */
  record Begin(String origin, long size, Instant at, Frontier edge, String first, String last)
      implements ExportLine {

    /** Whether this is a part of a log, kept when the log dropped it. */
    boolean isArchive() {
      return !first.equals(LEAST) || !last.equals(GREATEST);
    }

    boolean shouldHave(String id) {
      // In lower-case hexadecimal, text sorts as the numbers do.
      return id.compareTo(first) >= 0 && id.compareTo(last) <= 0;
    }
  }

  String LEAST = "00000000-0000-0000-0000-000000000000";
  String GREATEST = "ffffffff-ffff-ffff-ffff-ffffffffffff";

  /**
   * What a record says that the log dropped after it had been archived.
   *
   * @param first the smallest id
   * @param beyond the first id after them
   * @param archive the SHA-256 of the file where they are
   */
  record Dropped(String first, String beyond, long records, String archive) {}

  record Key(NoteKey key) implements ExportLine {}

  /**
   * @param stored the hash that the log has for it
   * @param computed the hash of the record itself; null if the record is gone
   * @param at the record's time; null if it can't be read
   * @param differences between record and row
   * @param dropped what this record says was dropped; null if it is about something else
   */
  record LeafLine(
      long index,
      String id,
      TreeHash stored,
      TreeHash computed,
      Instant at,
      boolean erased,
      List<String> differences,
      Dropped dropped)
      implements ExportLine {}

  record CheckpointLine(SignedNote note, Checkpoint checkpoint) implements ExportLine {}

  record Unlogged(String id) implements ExportLine {}

  record End(long leaves) implements ExportLine {}

  record Unreadable(String why) implements ExportLine {}

  /** Reads lines; one for each thread. */
  final class Reader {

    private final ObjectMapper json = new ObjectMapper();
    private final RowCheck rows = new RowCheck();

    ExportLine read(byte[] line) {
      try {
        JsonNode node = json.readTree(line);
        if (node == null || node.size() != 1) {
          return new Unreadable("not an object with one member");
        }
        String name = node.fieldNames().next();
        JsonNode value = node.get(name);
        return switch (name) {
          case "leaf" -> leaf(value);
          case "checkpoint" -> checkpoint(value.asText());
          case "key" -> new Key(NoteKey.parse(value.asText()));
          case "unlogged" -> new Unlogged(Uuids.parse(value.asText()).toString());
          case "end" -> new End(value.path("leaves").asLong(-1));
          case "export" -> begin(value);
          default -> new Unreadable("no line of an export is called " + name);
        };
      } catch (IOException | IllegalArgumentException | DateTimeException e) {
        return new Unreadable(String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
      }
    }

    private static ExportLine begin(JsonNode value) {
      if (value.path("v").asInt() != 1) {
        return new Unreadable("an export of version " + value.path("v") + ", not 1");
      }
      return new Begin(
          value.path("origin").asText(),
          value.path("size").asLong(-1),
          Instant.parse(value.path("at").asText()),
          edge(value),
          value.at("/records/first").asText(LEAST),
          value.at("/records/last").asText(GREATEST));
    }

    private static Frontier edge(JsonNode value) {
      var roots = new ArrayList<TreeHash>();
      value.path("edge").forEach(root -> roots.add(TreeHash.ofBase64(root.asText())));
      return Frontier.of(value.path("from").asLong(0), roots);
    }

    private static Dropped dropped(JsonNode record) {
      if (!record.path("kind").asText().equals("change")
          || !record.path("action").asText().equals(LogVerifier.RETENTION_DROP)) {
        return null;
      }
      JsonNode after = record.path("after");
      return new Dropped(
          after.path("firstId").asText(),
          after.path("beyondId").asText(),
          after.path("records").asLong(),
          after.path("sha256").asText());
    }

    private static ExportLine checkpoint(String text) {
      SignedNote note = SignedNote.parse(text);
      return new CheckpointLine(note, Checkpoint.parse(note.text()));
    }

    private ExportLine leaf(JsonNode value) {
      long index = value.path("index").asLong(-1);
      String id = value.path("id").asText();
      TreeHash stored = TreeHash.ofBase64(value.path("hash").asText());
      if (!value.has("canonical")) {
        return new LeafLine(
            index, Uuids.parse(id).toString(), stored, null, null, false, List.of(), null);
      }
      byte[] canonical = value.get("canonical").asText().getBytes(StandardCharsets.UTF_8);
      TreeHash computed = Leaf.hashOf(canonical);
      JsonNode columns = value.path("columns");
      boolean erased = columns.path("salt").asText().isEmpty();
      try {
        JsonNode record = json.readTree(canonical);
        Instant at = Instant.parse(record.path("at").asText());
        return new LeafLine(
            index,
            id,
            stored,
            computed,
            at,
            erased,
            rows.differences(record, columns),
            dropped(record));
      } catch (IOException | DateTimeException e) {
        return new LeafLine(
            index, id, stored, computed, null, erased, List.of("canonical: not a record"), null);
      }
    }
  }
}
