package io.sallyport.audit.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

/**
 * The newest checkpoint that this replica has seen, in a file of its own: what the database can't
 * take back. Thread-safe.
 */
public final class CheckpointMemory {

  private final Path file;
  private SignedNote note;
  private Checkpoint newest;

  /**
   * @param file made at the first {@link #remember}; its folder must be there
   * @throws IllegalArgumentException if the file holds no checkpoint
   */
  public CheckpointMemory(Path file) {
    this.file = file;
    try {
      if (Files.exists(file)) {
        note = SignedNote.parse(Files.readString(file));
        newest = Checkpoint.parse(note.text());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the file " + file + " can't be read", e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          file + " should hold the newest checkpoint of the audit log: " + e.getMessage(), e);
    }
  }

  /** Empty if none of this origin was seen yet. */
  synchronized Optional<Checkpoint> newest(String origin) {
    return Optional.ofNullable(newest).filter(known -> known.origin().equals(origin));
  }

  /** On disk on return, unless a newer one of the same origin is there. */
  synchronized void remember(Checkpoint checkpoint, SignedNote signed) {
    if (newest != null
        && newest.origin().equals(checkpoint.origin())
        && newest.size() >= checkpoint.size()) {
      return;
    }
    try {
      write(signed.toString());
    } catch (IOException e) {
      throw new UncheckedIOException("the file " + file + " can't be written", e);
    }
    note = signed;
    newest = checkpoint;
  }

  private void write(String content) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".draft");
    try (FileChannel channel =
        FileChannel.open(
            draft,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE))) {
      ByteBuffer bytes = ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel folder =
        FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }
}
