package io.sallyport.audit.verify;

import io.sallyport.audit.log.Checkpoint;
import io.sallyport.audit.log.NoteKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Checks an export from its first line to its last. Lines are read and hashed by as many threads as
 * there are processors, and followed in their order by one.
 */
public final class LogVerifier {

  /** Told as it goes on: leaves so far, leaves in all. */
  @FunctionalInterface
  public interface Progress {
    void at(long leaves, long size);
  }

  /**
   * The action of the record that retention leaves of what it drops, with {@code firstId, beyondId,
   * records, sha256}.
   */
  public static final String RETENTION_DROP = "auditPartition.drop";

  private static final int LINES = 512;
  private static final int LONGEST = 4 << 20;

  private record Signature(Checkpoint checkpoint, Future<Boolean> valid) {}

  private final Collection<NoteKey> pinned;
  private final Collection<Checkpoint> remembered;
  private final Duration gap;

  /**
   * @param pinned the keys to believe; if empty, those that the export lists, which proves that it
   *     agrees with itself and no more
   * @param remembered checkpoints seen before, which the log must still contain
   * @param gap how long a silence is worth a remark
   */
  public LogVerifier(Collection<NoteKey> pinned, Collection<Checkpoint> remembered, Duration gap) {
    this.pinned = pinned;
    this.remembered = remembered;
    this.gap = gap;
  }

  /**
   * @throws IOException if {@code export} can't be read; what it holds never throws
   */
  public Report check(InputStream export, Progress progress) throws IOException {
    var check = new LogCheck(pinned, remembered, gap);
    int threads = Runtime.getRuntime().availableProcessors();
    var readers = ThreadLocal.withInitial(ExportLine.Reader::new);
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      var lines = new Lines(export);
      Deque<Future<List<ExportLine>>> reading = new ArrayDeque<>();
      Deque<Signature> signatures = new ArrayDeque<>();
      boolean more = true;
      while (more || !reading.isEmpty()) {
        while (more && reading.size() < 2 * threads) {
          List<byte[]> batch = lines.next();
          more = !batch.isEmpty();
          if (more) {
            reading.add(
                pool.submit(
                    () -> {
                      var reader = readers.get();
                      return batch.stream().map(reader::read).toList();
                    }));
          }
        }
        if (!reading.isEmpty()) {
          follow(check, result(reading.poll()), signatures, pool);
          progress.at(check.leaves(), check.size());
        }
        settle(check, signatures, more ? 16 * LINES : 0);
      }
      settle(check, signatures, 0);
    }
    return check.report();
  }

  private static void follow(
      LogCheck check, List<ExportLine> lines, Deque<Signature> signatures, ExecutorService pool) {
    for (ExportLine line : lines) {
      check.take(line);
      if (line instanceof ExportLine.CheckpointLine signed) {
        List<NoteKey> keys =
            check.keys().stream()
                .filter(key -> key.name().equals(signed.checkpoint().origin()))
                .toList();
        signatures.add(
            new Signature(signed.checkpoint(), pool.submit(() -> signed.note().isSignedBy(keys))));
      }
    }
  }

  private static void settle(LogCheck check, Deque<Signature> signatures, int most) {
    while (signatures.size() > most) {
      Signature signature = signatures.poll();
      if (!result(signature.valid())) {
        check.unsigned(signature.checkpoint());
      }
    }
  }

  private static <T> T result(Future<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a line could not be checked", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Lines as bytes, in batches. */
  private static final class Lines {

    private final InputStream in;
    private final byte[] buffer = new byte[1 << 16];
    private int at;
    private int filled;

    Lines(InputStream in) {
      this.in = in;
    }

    List<byte[]> next() throws IOException {
      var lines = new ArrayList<byte[]>(LINES);
      for (byte[] line = line(); line != null; line = lines.size() < LINES ? line() : null) {
        if (line.length > 0) {
          lines.add(line);
        }
      }
      return lines;
    }

    /** Null at the end. */
    private byte[] line() throws IOException {
      var line = new ByteArrayOutputStream(2048);
      boolean any = false;
      while (at < filled || fill()) {
        any = true;
        int begin = at;
        while (at < filled && buffer[at] != '\n') {
          at++;
        }
        line.write(buffer, begin, at - begin);
        if (line.size() > LONGEST) {
          throw new IOException("a line is longer than " + LONGEST + " bytes");
        }
        if (at < filled) {
          at++;
          return line.toByteArray();
        }
      }
      return any ? line.toByteArray() : null;
    }

    private boolean fill() throws IOException {
      at = 0;
      filled = Math.max(0, in.read(buffer));
      return filled > 0;
    }
  }
}
