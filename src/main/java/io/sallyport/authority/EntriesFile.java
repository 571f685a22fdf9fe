package io.sallyport.authority;

import io.sallyport.authority.SignedList.Piece;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The encoded entries of a list in the making: chunks of the list before and new ones, one after
 * another in a file. Holds one chunk in memory. Their order is without meaning.
 */
final class EntriesFile implements AutoCloseable {

  /** The most that one chunk holds, here and in the schema. */
  private static final int CHUNK = 256 * 1024;

  /** A chunk smaller than this is merged with what follows rather than kept. */
  private static final int SMALL = 64 * 1024;

  private record Part(Long id, Piece piece, int entries) {}

  private final Path file;
  private final OutputStream out;
  private final List<Part> parts = new ArrayList<>();
  private final ByteArrayOutputStream open = new ByteArrayOutputStream();
  private int openEntries;
  private long size;
  private long entries;

  EntriesFile(Path file) throws IOException {
    this.file = file;
    this.out = Files.newOutputStream(file);
  }

  Path file() {
    return file;
  }

  long entries() {
    return entries;
  }

  /** In octets. */
  long size() {
    return size;
  }

  /** Takes over a chunk as it is. */
  void keep(long id, byte[] der, int count) throws IOException {
    part(id, der, count);
  }

  /** Whether a chunk of this length had better be merged with what is added. */
  static boolean isSmall(int length) {
    return length < SMALL;
  }

  /** Adds encoded entries to a new chunk. */
  void add(byte[] der, int count) throws IOException {
    if (open.size() + der.length > CHUNK) {
      flush();
    }
    open.writeBytes(der);
    openEntries += count;
  }

  private void flush() throws IOException {
    if (open.size() > 0) {
      part(null, open.toByteArray(), openEntries);
      open.reset();
      openEntries = 0;
    }
  }

  private void part(Long id, byte[] der, int count) throws IOException {
    out.write(der);
    parts.add(new Part(id, new Piece(size, der.length), count));
    size += der.length;
    entries += count;
  }

  /** Ends writing: the file is whole from here on. */
  void complete() throws IOException {
    flush();
    out.close();
  }

  /** Stores the new chunks; answers where each chunk lies in the file, in its order. */
  Map<Long, Piece> store(Connection connection, CrlStore store, int shard)
      throws SQLException, IOException {
    var pieces = new LinkedHashMap<Long, Piece>();
    for (Part part : parts) {
      Long id = part.id();
      if (id == null) {
        byte[] der = ListFiles.read(file, part.piece());
        id = store.addChunk(connection, shard, part.entries(), der);
      }
      pieces.put(id, part.piece());
    }
    return pieces;
  }

  @Override
  public void close() throws IOException {
    out.close();
    Files.deleteIfExists(file);
  }
}
