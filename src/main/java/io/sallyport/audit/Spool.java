package io.sallyport.audit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jboss.logging.Logger;

/**
 * Keeps refusals on the local disk while Postgres is away.
 *
 * <p>Promise: what {@link #append} took is forced to the disk on return and survives a kill of the
 * process. A "yes" is never taken. The size is bounded. {@link #replay} hands everything out at
 * least once and removes a file only after all of it was taken over, so the taker must know records
 * by their id. One process at a time. Thread-safe.
 */
final class Spool implements AutoCloseable {

  /** Takes over records durably, or throws, upon which they are kept. */
  @FunctionalInterface
  interface Taker {
    void take(List<EncodedRecord> records) throws UnavailableException;
  }

  /** Whoever should take the records over cannot now. */
  static final class UnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    UnavailableException(Throwable cause) {
      super(cause);
    }
  }

  private static final Logger LOG = Logger.getLogger(Spool.class);
  private static final String SUFFIX = ".spool";
  private static final long LONGEST_FILE = 4L << 20;
  private static final int BATCH = 256;
  private static final boolean POSIX =
      FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

  private final Path directory;
  private final long capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Path> closed = new ArrayList<>();
  private FileChannel current;
  private Path currentFile;
  private long currentSize;
  private long next = 1;
  private volatile long bytes;

  /**
   * Opens the spool in {@code directory}, made with mode 0700 if it is not there, with what an
   * earlier process left.
   *
   * @throws UncheckedIOException if the folder cannot be used
   */
  Spool(Path directory, long capacity) {
    this.directory = directory;
    this.capacity = capacity;
    try {
      Files.createDirectories(directory, mode("rwx------"));
      if (POSIX) {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      }
      try (var files = Files.list(directory)) {
        files.filter(file -> file.toString().endsWith(SUFFIX)).sorted().forEach(closed::add);
      }
      for (Path file : closed) {
        bytes += Files.size(file);
        next = Math.max(next, number(file) + 1);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the spool folder " + directory + " cannot be used", e);
    }
  }

  /**
   * Forces the records to the disk, all by one force.
   *
   * @return those that there was no room for, or that the disk did not take
   * @throws IllegalArgumentException if one of them is not a refusal or undecided decision
   */
  List<EncodedRecord> append(List<EncodedRecord> records) {
    for (EncodedRecord record : records) {
      if (!record.maySpool()) {
        throw new IllegalArgumentException(
            "only refused and undecided decisions may wait in the spool");
      }
    }
    lock.lock();
    try {
      var left = new ArrayList<EncodedRecord>();
      var frames = new ArrayList<ByteBuffer>();
      long size = 0;
      for (EncodedRecord record : records) {
        ByteBuffer frame = SpoolFrame.write(record);
        if (frame.remaining() > SpoolFrame.LONGEST || bytes + size + frame.remaining() > capacity) {
          left.add(record);
        } else {
          size += frame.remaining();
          frames.add(frame);
        }
      }
      return frames.isEmpty() || force(frames, size) ? left : List.copyOf(records);
    } finally {
      lock.unlock();
    }
  }

  private boolean force(List<ByteBuffer> frames, long size) {
    try {
      FileChannel channel = channel();
      for (ByteBuffer frame : frames) {
        while (frame.hasRemaining()) {
          channel.write(frame);
        }
      }
      channel.force(false);
      bytes += size;
      currentSize += size;
      if (currentSize >= LONGEST_FILE) {
        closeCurrent();
      }
      return true;
    } catch (IOException e) {
      LOG.error("the spool cannot be written; refusals are counted only", e);
      abandonCurrent();
      return false;
    }
  }

  boolean isEmpty() {
    lock.lock();
    try {
      return current == null && closed.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  long bytes() {
    return bytes;
  }

  /**
   * Hands out all records, oldest first, and removes each file once it was taken over. What is
   * appended meanwhile waits for the next replay. Not to be called by two threads at once.
   */
  void replay(Taker taker) throws UnavailableException {
    List<Path> files;
    lock.lock();
    try {
      closeCurrent();
      files = List.copyOf(closed);
    } finally {
      lock.unlock();
    }
    for (Path file : files) {
      try {
        replay(file, taker);
      } catch (IOException e) {
        LOG.errorf(e, "%s cannot be read or removed", file.getFileName());
        return;
      }
    }
  }

  private void replay(Path file, Taker taker) throws IOException, UnavailableException {
    ByteBuffer content = ByteBuffer.wrap(Files.readAllBytes(file));
    var batch = new ArrayList<EncodedRecord>(BATCH);
    for (var frame = SpoolFrame.read(content);
        frame.isPresent();
        frame = SpoolFrame.read(content)) {
      if (!frame.get().maySpool()) {
        LOG.errorf(
            "%s holds an admission, which nothing of ours spools: %s is left out",
            file, frame.get().id());
        continue;
      }
      batch.add(frame.get());
      if (batch.size() == BATCH) {
        taker.take(batch);
        batch = new ArrayList<>(BATCH);
      }
    }
    if (!batch.isEmpty()) {
      taker.take(batch);
    }
    if (content.hasRemaining()) {
      // Its writer never got an answer: the process was killed, or the disk was full.
      LOG.warnf(
          "%s ends in %d bytes that are no whole record", file.getFileName(), content.remaining());
    }
    lock.lock();
    try {
      Files.delete(file);
      closed.remove(file);
      bytes = Math.max(0, bytes - content.capacity());
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closeCurrent();
    } finally {
      lock.unlock();
    }
  }

  private FileChannel channel() throws IOException {
    if (current == null) {
      Path file = directory.resolve("%016d%s".formatted(next++, SUFFIX));
      current =
          FileChannel.open(
              file,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              mode("rw-------"));
      currentFile = file;
      currentSize = 0;
      // The file's name must survive a power cut as well as its content.
      try (var folder = FileChannel.open(directory, StandardOpenOption.READ)) {
        folder.force(true);
      }
    }
    return current;
  }

  private void closeCurrent() {
    if (current != null) {
      try {
        current.close();
      } catch (IOException e) {
        LOG.debug("closing a spool file failed; its content was forced before", e);
      }
      closed.add(currentFile);
      current = null;
    }
  }

  /** After a failed write the file's end is unknown: what was forced is kept, the rest cut off. */
  private void abandonCurrent() {
    if (current != null) {
      try {
        current.truncate(currentSize);
      } catch (IOException e) {
        LOG.debug("a torn spool file is left as it is", e);
      }
      closeCurrent();
    }
  }

  private static long number(Path file) {
    String name = file.getFileName().toString();
    try {
      return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static FileAttribute<?>[] mode(String permissions) {
    return POSIX
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
