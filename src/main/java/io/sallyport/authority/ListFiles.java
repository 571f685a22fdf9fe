package io.sallyport.authority;

import io.sallyport.authority.SignedList.Piece;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The folder in which this replica keeps the lists it serves, one file for each. */
final class ListFiles {

  /** Whoever is being sent a file has opened it long before two newer lists are there. */
  private static final int KEPT = 3;

  private final Path folder;
  private final Map<String, Deque<Path>> files = new HashMap<>();
  private long drafts;

  /** Empties the folder: what a replica serves it has from the database. */
  ListFiles(Path folder) throws IOException {
    this.folder = folder;
    SecretFiles.prepareFolder(folder);
    try (var left = Files.newDirectoryStream(folder)) {
      for (Path file : left) {
        Files.delete(file);
      }
    }
  }

  synchronized EntriesFile draft() throws IOException {
    drafts++;
    return new EntriesFile(folder.resolve("draft-" + drafts));
  }

  /**
   * Makes the file of a published list from the pieces at hand and, for the others, from the
   * database.
   *
   * @return empty if a newer list took its chunks away meanwhile
   * @throws IOException also if the octets are not those that were published
   */
  synchronized Optional<SignedList> write(
      String name, PublishedList list, Path source, Map<Long, Piece> atHand, Connection connection)
      throws IOException, SQLException {
    Path part = folder.resolve(name + "-" + list.number() + ".part");
    Path file = folder.resolve(name + "-" + list.number() + ".crl");
    var pieces = new LinkedHashMap<Long, Piece>();
    MessageDigest digest = CrlFrame.digest();
    long at = list.prefix().length;
    try (OutputStream out = new DigestOutputStream(Files.newOutputStream(part), digest);
        FileChannel known = source == null ? null : FileChannel.open(source)) {
      out.write(list.prefix());
      for (long id : list.chunks()) {
        Piece piece = atHand.get(id);
        Optional<byte[]> der =
            piece == null ? CrlStore.chunk(connection, id) : Optional.of(read(known, piece));
        if (der.isEmpty()) {
          return Optional.empty();
        }
        out.write(der.get());
        pieces.put(id, new Piece(at, der.get().length));
        at += der.get().length;
      }
      out.write(list.suffix());
    }
    if (at + list.suffix().length != list.length()
        || !Arrays.equals(digest.digest(), list.sha256())) {
      Files.delete(part);
      if (!atHand.isEmpty()) {
        // A database brought back from a back-up gives the ids of chunks a second time.
        return write(name, list, null, Map.of(), connection);
      }
      throw new IOException("the stored pieces of CRL " + list.number() + " are damaged");
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    keepFew(name, file);
    return Optional.of(new SignedList(file, list, pieces));
  }

  private void keepFew(String name, Path newest) throws IOException {
    Deque<Path> kept = files.computeIfAbsent(name, _ -> new ArrayDeque<>());
    kept.addLast(newest);
    while (kept.size() > KEPT) {
      Files.deleteIfExists(kept.removeFirst());
    }
  }

  static byte[] read(Path file, Piece piece) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return read(channel, piece);
    }
  }

  static byte[] read(FileChannel channel, Piece piece) throws IOException {
    var bytes = ByteBuffer.allocate(piece.length());
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, piece.at() + bytes.position()) < 0) {
        throw new IOException("a file of a CRL ended early");
      }
    }
    return bytes.array();
  }
}
