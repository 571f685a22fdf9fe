package io.sallyport.boot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Set;

/**
 * Files that only this process's user may read: directories 0700, files 0600, written whole or not
 * at all.
 */
final class PrivateFiles {

  private PrivateFiles() {}

  /**
   * Makes {@code directory} and its parents where missing; an existing one is tightened to 0700.
   */
  static Path directory(Path directory) {
    try {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException("the folder " + directory + " can't be made private", e);
    }
  }

  /**
   * The bytes of {@code file}; made of {@code length} random bytes on the first call and durable
   * before this returns.
   */
  static byte[] randomOnce(Path file, int length, SecureRandom random) {
    try {
      if (!Files.exists(file)) {
        byte[] fresh = new byte[length];
        random.nextBytes(fresh);
        write(file, fresh);
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException("the file " + file + " can't be read or made", e);
    }
  }

  /** Replaces {@code file} atomically; after a crash it holds the old bytes or the new ones. */
  static void write(Path file, byte[] content) throws IOException {
    Path draft = file.resolveSibling(file.getFileName() + ".draft");
    Files.deleteIfExists(draft);
    try (FileChannel channel =
        FileChannel.open(
            draft,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    // The rename too must survive a power cut: the rows that this key vouches for do.
    try (FileChannel folder =
        FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
      folder.force(true);
    }
  }
}
