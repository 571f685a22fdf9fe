package io.sallyport.audit;

import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.identity.DecisionId;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes decisions, newest first, page by page: memory is bounded, and no transaction stays open
 * while a slow reader takes its time.
 */
@ApplicationScoped
public class DecisionExport {

  // What is not ASCII is escaped: names come from strangers, and a line that is looked at
  // in a terminal must not turn its reading direction.
  private static final ObjectMapper JSON =
      new ObjectMapper(new JsonFactoryBuilder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build());

  private static final List<String> HEADER =
      List.of(
          "id",
          "at",
          "door",
          "outcome",
          "reasons",
          "count",
          "sourceAddress",
          "sourcePort",
          "deviceId",
          "deviceName",
          "thumbprint",
          "issuer",
          "serial",
          "subject",
          "notAfter",
          "tlsVersion",
          "grantId",
          "segments",
          "grantExpiresAt",
          "replica");

  private final DecisionSearch search;

  public DecisionExport(DecisionSearch search) {
    this.search = search;
  }

  private interface Writer {
    void write(JsonNode decision) throws IOException;
  }

  /** One JSON object a line, as the REST interface shows a decision; by its filters. */
  public void writeLines(DecisionQuery query, OutputStream out) throws IOException {
    each(
        query,
        decision -> {
          out.write(JSON.writeValueAsBytes(decision));
          out.write('\n');
        });
  }

  /** One line of CSV for each, below a header; lists are separated by blanks. */
  public void writeCsv(DecisionQuery query, OutputStream out) throws IOException {
    var csv = new Csv(out);
    csv.line(HEADER);
    each(query, decision -> csv.line(cells(decision)));
  }

  private void each(DecisionQuery query, Writer writer) throws IOException {
    var narrowed =
        new DecisionQuery(
            query.device(),
            query.user(),
            query.outcome(),
            query.reason(),
            query.door(),
            query.source(),
            query.thumbprint(),
            query.segment(),
            query.from(),
            query.to(),
            query.cursor(),
            DecisionQuery.LARGEST);
    Optional<DecisionId> next;
    do {
      DecisionPage page = search.search(narrowed);
      for (DecisionView view : page.items()) {
        writer.write(view.json());
      }
      next = page.nextCursor();
      narrowed = next.isPresent() ? narrowed.at(next.get()) : narrowed;
    } while (next.isPresent());
  }

  private static List<String> cells(JsonNode decision) {
    var cells = new ArrayList<String>();
    for (String pointer :
        List.of(
            "/id",
            "/at",
            "/door",
            "/outcome",
            "/reasons",
            "/count",
            "/source/address",
            "/source/port",
            "/device/id",
            "/device/name",
            "/certificate/thumbprint",
            "/certificate/issuer",
            "/certificate/serial",
            "/certificate/subject",
            "/certificate/notAfter",
            "/tls/version",
            "/grant/id",
            "/grant/segments",
            "/grant/expiresAt",
            "/replica")) {
      cells.add(text(decision.at(pointer)));
    }
    return cells;
  }

  private static String text(JsonNode value) {
    if (value.isArray()) {
      var joined = new StringBuilder();
      value.forEach(each -> joined.append(joined.isEmpty() ? "" : " ").append(each.asText()));
      return joined.toString();
    }
    return value.isMissingNode() || value.isNull() ? null : value.asText();
  }
}
