package io.sallyport.authority;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Files that only this account may read, and that are there whole or not at all, even after a power
 * cut: written beside their place, flushed, then renamed.
 */
final class SecretFiles {

  private static final String TEMPORARY = ".new-";
  private static final Set<PosixFilePermission> FILE = PosixFilePermissions.fromString("rw-------");
  private static final Set<PosixFilePermission> FOLDER =
      PosixFilePermissions.fromString("rwx------");

  private SecretFiles() {}

  /** Makes the folder, or tightens it, and clears away what a killed start left half-written. */
  static void prepareFolder(Path folder) throws IOException {
    boolean posix = posix(folder);
    Files.createDirectories(folder, posix ? attributes(FOLDER) : new FileAttribute<?>[0]);
    if (posix) {
      Files.setPosixFilePermissions(folder, FOLDER);
    }
    try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(folder, TEMPORARY + "*")) {
      for (Path leftover : leftovers) {
        Files.delete(leftover);
      }
    }
  }

  static void write(Path file, byte[] content) throws IOException {
    boolean posix = posix(file);
    Path temporary =
        Files.createTempFile(
            file.getParent(), TEMPORARY, "", posix ? attributes(FILE) : new FileAttribute<?>[0]);
    try (var channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      var buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    if (posix) {
      // The rename itself must survive a power cut, or a certificate could outlive its key.
      try (var folder = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
        folder.force(true);
      }
    }
  }

  /** Takes back what others were allowed on a file that was there already. */
  static void tighten(Path file) throws IOException {
    if (posix(file)) {
      Files.setPosixFilePermissions(file, FILE);
    }
  }

  private static boolean posix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  private static FileAttribute<?>[] attributes(Set<PosixFilePermission> permissions) {
    return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)};
  }
}
