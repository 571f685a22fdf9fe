package io.sallyport.admin.api;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.PostureSettings;
import jakarta.inject.Singleton;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads the rows of a push, all before any is applied. A row that is wrong does not spoil the
 * others; a list that is no JSON does, since nobody knows where its next row begins.
 */
@Singleton
class PostureRows {

  /** How many rows a push may have. */
  static final int MOST = 10_000;

  private static final int LONGEST_LINE = 64 << 10;

  private final ObjectMapper json;
  private final ObjectReader oneOfMany;
  private final PostureSettings settings;
  private final Clock clock;

  PostureRows(ObjectMapper json, PostureSettings settings, Clock clock) {
    this.json = json;
    this.oneOfMany = json.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    this.settings = settings;
    this.clock = clock;
  }

  /** Rows and faults by the row's number from 1; a row is in one of the two. */
  record Read(
      Map<Integer, PostureBodies.Row> rows, Map<Integer, List<PosturePushResource.Fault>> faults) {}

  /**
   * A JSON list.
   *
   * @throws ProblemException 400 for too many rows
   * @throws JsonProcessingException if it is no JSON
   */
  Read list(InputStream body) throws IOException {
    Rows rows = new Rows(clock.instant());
    try (JsonParser parser = json.createParser(body)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw refused("expected a JSON list of rows, or JSON lines as application/x-ndjson");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        rows.add(oneOfMany.readTree(parser));
      }
      if (parser.nextToken() != null) {
        throw refused("expected nothing after the list");
      }
    }
    return rows.read;
  }

  /**
   * JSON lines; empty ones count as rows but say nothing.
   *
   * @throws ProblemException 400 for too many rows
   */
  Read lines(InputStream body) throws IOException {
    Rows rows = new Rows(clock.instant());
    InputStream buffered = new BufferedInputStream(body);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next;
    do {
      next = buffered.read();
      if (next >= 0 && next != '\n') {
        if (line.size() < LONGEST_LINE) {
          line.write(next);
        }
        continue;
      }
      rows.addLine(line.toByteArray());
      line.reset();
    } while (next >= 0);
    return rows.read;
  }

  private static ProblemException refused(String detail) {
    return new ProblemException(
        Problem.of("invalid_request", "The request is not valid", 400, detail));
  }

  /** Takes row after row. */
  private final class Rows {

    private final Read read = new Read(new TreeMap<>(), new TreeMap<>());
    private final Instant now;
    private int count;

    Rows(Instant now) {
      this.now = now;
    }

    void addLine(byte[] line) throws IOException {
      if (isBlank(line)) {
        count++;
        return;
      }
      if (line.length >= LONGEST_LINE) {
        next();
        fault(null, "expected a line of less than " + LONGEST_LINE + " bytes");
        return;
      }
      JsonNode node;
      try {
        node = json.readTree(line);
      } catch (JsonProcessingException e) {
        next();
        fault(null, "not valid JSON, at column " + e.getLocation().getColumnNr());
        return;
      }
      add(node);
    }

    void add(JsonNode node) {
      next();
      try {
        read.rows().put(count, PostureBodies.row(node, settings, now));
      } catch (ProblemException e) {
        Problem problem = e.problem();
        if (problem.errors().isEmpty()) {
          fault(null, problem.detail());
        } else {
          int row = count;
          read.faults()
              .put(
                  row,
                  problem.errors().stream()
                      .map(
                          error ->
                              new PosturePushResource.Fault(row, error.field(), error.message()))
                      .toList());
        }
      }
    }

    private void next() {
      if (++count > MOST) {
        throw refused("expected at most " + MOST + " rows; send the rest in another request");
      }
    }

    private void fault(String field, String message) {
      read.faults().put(count, List.of(new PosturePushResource.Fault(count, field, message)));
    }

    private static boolean isBlank(byte[] line) {
      for (byte each : line) {
        if (each != ' ' && each != '\r' && each != '\t') {
          return false;
        }
      }
      return true;
    }
  }
}
