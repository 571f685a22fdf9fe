package io.sallyport.audit.sink;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sallyport.audit.log.Cosignatures;
import io.sallyport.audit.log.CosignerKey;
import io.sallyport.audit.log.LogRefusedException;
import io.sallyport.audit.log.SignedNote;
import io.sallyport.audit.log.TransparencyLog;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Has checkpoints cosigned by a C2SP witness (tlog-witness, {@code add-checkpoint}) and keeps what
 * it signed. Of several checkpoints the newest is shown: a cosignature speaks for all before it.
 */
final class WitnessDelivery implements Delivery {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI url;
  private final CosignerKey key;
  private final TransparencyLog log;
  private final Cosignatures cosignatures;
  private final BoundedHttp http;
  private final Clock clock;

  /** The size that the witness saw last, as far as we know; it tells if we are wrong. */
  private long seen;

  WitnessDelivery(
      URI submissionPrefix,
      CosignerKey key,
      TransparencyLog log,
      Cosignatures cosignatures,
      BoundedHttp http,
      Clock clock) {
    String prefix = submissionPrefix.toString();
    this.url = URI.create(prefix + (prefix.endsWith("/") ? "" : "/") + "add-checkpoint");
    this.key = key;
    this.log = log;
    this.cosignatures = cosignatures;
    this.http = http;
    this.clock = clock;
  }

  @Override
  public void deliver(List<SinkItem> items) throws IOException, InterruptedException {
    SinkItem newest = items.getLast();
    SignedNote note = note(newest);
    if (seen > newest.position()) {
      seen = 0;
    }
    Optional<Long> other = submit(note, newest.position());
    if (other.isEmpty()) {
      return;
    }
    seen = other.get();
    if (seen > newest.position()) {
      // Shown by another replica meanwhile, or the witness knows a log that we do not have.
      if (proof(newest.position(), seen).isEmpty()) {
        throw new IOException(
            "the witness saw "
                + seen
                + " records, more than the log has: was the database restored from a backup?");
      }
      return;
    }
    if (submit(note, newest.position()).isPresent()) {
      throw new IOException("the witness changes its mind about what it saw");
    }
  }

  /** Empty once it is cosigned; else the size that the witness says it saw last. */
  private Optional<Long> submit(SignedNote note, long size)
      throws IOException, InterruptedException {
    var body = new StringBuilder("old ").append(seen).append('\n');
    List<String> proof =
        proof(seen, size)
            .orElseThrow(() -> new IOException("the log is shorter than what was read of it"));
    proof.forEach(hash -> body.append(hash).append('\n'));
    body.append('\n').append(note);
    Destination.resolved(url.getHost());
    var answer =
        http.post(
            HttpRequest.newBuilder(url)
                .header("Content-Type", "text/plain; charset=utf-8")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
    if (answer.status() == 409 && answer.type().startsWith("text/x.tlog.size")) {
      return Optional.of(size(answer.body()));
    }
    if (answer.status() != 200) {
      throw new IOException(
          switch (answer.status()) {
            case 403 -> "the witness does not know the key of this log";
            case 404 -> "the witness does not know this log";
            case 409, 422 -> "the witness says that the log was rewritten";
            default -> "the witness answered " + answer.status();
          });
    }
    keep(note, size, answer.body());
    seen = size;
    return Optional.empty();
  }

  private void keep(SignedNote note, long size, String lines) throws IOException {
    SignedNote.Line ours =
        Arrays.stream(lines.split("\n"))
            .flatMap(line -> read(line).stream())
            .filter(line -> key.cosigned(note.text(), line))
            .findFirst()
            .orElseThrow(
                () -> new IOException("the witness's answer holds no cosignature of its key"));
    try {
      cosignatures.keep(size, ours, clock.instant());
    } catch (SQLException e) {
      throw new IOException("the cosignature could not be kept", e);
    }
  }

  private static Optional<SignedNote.Line> read(String line) {
    try {
      return Optional.of(SignedNote.Line.parse(line));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static long size(String body) throws IOException {
    String text = body.strip();
    if (!text.matches("0|[1-9][0-9]{0,17}")) {
      throw new IOException("the witness's answer holds no size");
    }
    return Long.parseLong(text);
  }

  /** Empty if the log does not have that many leaves. */
  private Optional<List<String>> proof(long from, long to) throws IOException {
    if (from == 0 || from == to) {
      return Optional.of(List.of());
    }
    try {
      return log.consistency(from, to)
          .map(
              consistency ->
                  consistency.proof().stream()
                      .map(hash -> Base64.getEncoder().encodeToString(hash.bytes()))
                      .toList());
    } catch (LogRefusedException e) {
      throw new IOException("the log is refused: " + e.getMessage(), e);
    }
  }

  private static SignedNote note(SinkItem item) {
    try {
      return SignedNote.parse(JSON.readTree(item.body()).path("checkpoint").asText());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("items are JSON", e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
