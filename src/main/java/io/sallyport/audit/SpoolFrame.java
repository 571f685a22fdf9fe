package io.sallyport.audit;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * A record as the spool's files hold it: length of the payload (4 bytes), its CRC-32C (4 bytes),
 * the payload. What a crash tears off fails the length or the checksum.
 */
final class SpoolFrame {

  private static final int HEAD = 8;

  /** Longer frames are not read, so that a torn length cannot ask for all memory. */
  static final int LONGEST = 1 << 20;

  private static final int VERSION = 1;

  private SpoolFrame() {}

  static ByteBuffer write(EncodedRecord record) {
    byte[] payload = payload(record);
    return ByteBuffer.allocate(HEAD + payload.length)
        .putInt(payload.length)
        .putInt(crc(payload))
        .put(payload)
        .flip();
  }

  /**
   * Reads the next frame; empty, with the buffer where it was, if there is no whole and sound one.
   */
  static Optional<EncodedRecord> read(ByteBuffer buffer) {
    int start = buffer.position();
    if (buffer.remaining() >= HEAD) {
      int length = buffer.getInt();
      int crc = buffer.getInt();
      if (length > 0 && length <= LONGEST - HEAD && length <= buffer.remaining()) {
        byte[] payload = new byte[length];
        buffer.get(payload);
        if (crc(payload) == crc) {
          try {
            return Optional.of(record(payload));
          } catch (IOException | IllegalArgumentException e) {
            // Sound but of a form not known here: treated like a torn one.
          }
        }
      }
    }
    buffer.position(start);
    return Optional.empty();
  }

  private static byte[] payload(EncodedRecord record) {
    var bytes = new ByteArrayOutputStream(1024);
    try (var out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      uuid(out, record.id());
      out.writeUTF(record.at());
      out.writeUTF(record.door());
      out.writeUTF(record.outcome());
      out.writeInt(record.reasons().size());
      for (String reason : record.reasons()) {
        out.writeUTF(reason);
      }
      out.writeBoolean(record.device() != null);
      if (record.device() != null) {
        uuid(out, record.device());
      }
      bytes(out, record.thumbprint() == null ? new byte[0] : record.thumbprint());
      out.writeUTF(record.source());
      out.writeInt(record.count());
      out.writeUTF(record.replica());
      bytes(out, record.canonical());
      bytes(out, record.salt());
      bytes(out, record.personal());
    } catch (IOException e) {
      throw new IllegalArgumentException("record cannot be spooled", e);
    }
    return bytes.toByteArray();
  }

  private static EncodedRecord record(byte[] payload) throws IOException {
    var in = new DataInputStream(new ByteArrayInputStream(payload));
    if (in.readByte() != VERSION) {
      throw new IOException("a frame of another version");
    }
    UUID id = uuid(in);
    String at = in.readUTF();
    String door = in.readUTF();
    String outcome = in.readUTF();
    var reasons = new ArrayList<String>();
    for (int left = in.readInt(); left > 0; left--) {
      reasons.add(in.readUTF());
    }
    UUID device = in.readBoolean() ? uuid(in) : null;
    byte[] thumbprint = bytes(in);
    return new EncodedRecord(
        id,
        at,
        EncodedRecord.Kind.DECISION,
        door,
        outcome,
        List.copyOf(reasons),
        device,
        thumbprint.length == 0 ? null : thumbprint,
        in.readUTF(),
        null,
        in.readInt(),
        in.readUTF(),
        bytes(in),
        bytes(in),
        bytes(in));
  }

  private static void uuid(DataOutputStream out, UUID id) throws IOException {
    out.writeLong(id.getMostSignificantBits());
    out.writeLong(id.getLeastSignificantBits());
  }

  private static UUID uuid(DataInputStream in) throws IOException {
    return new UUID(in.readLong(), in.readLong());
  }

  private static void bytes(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static byte[] bytes(DataInputStream in) throws IOException {
    int length = in.readInt();
    byte[] bytes = in.readNBytes(length);
    if (bytes.length != length) {
      throw new IOException("a field longer than its frame");
    }
    return bytes;
  }

  private static int crc(byte[] payload) {
    var crc = new CRC32C();
    crc.update(payload);
    return (int) crc.getValue();
  }
}
