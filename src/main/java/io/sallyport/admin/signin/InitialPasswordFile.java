package io.sallyport.admin.signin;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The file that tells the first operator's password to whoever may read the data folder, until it
 * is changed.
 */
final class InitialPasswordFile {

  private static final String NAME = "initial-operator-password";

  private final Path file;

  InitialPasswordFile(Path dataDirectory) {
    this.file = dataDirectory.resolve(NAME);
  }

  Path path() {
    return file;
  }

  /** Durable on return, 0600 from its first byte, and whole or not there at all. */
  void write(String password) {
    Path draft = file.resolveSibling(NAME + ".draft");
    try {
      Files.createDirectories(file.getParent());
      Files.deleteIfExists(draft);
      try (FileChannel channel =
          FileChannel.open(
              draft,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
        ByteBuffer bytes = ByteBuffer.wrap((password + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      // The rename too: the operator it lets in outlives a power cut.
      try (FileChannel folder =
          FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
        folder.force(true);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the first operator's password can't be written to " + file, e);
    }
  }

  void remove() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException("the file " + file + " can't be removed", e);
    }
  }
}
