package io.sallyport.audit.sink;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Appends lines to a file and waits until they are on disk. Opens it each time, so that it may be
 * rotated by renaming. A write that was broken off leaves part of a line; the next one begins on a
 * line of its own.
 */
final class FileDelivery implements Delivery {

  private final Path file;

  FileDelivery(Path file) {
    this.file = file;
  }

  @Override
  public void deliver(List<SinkItem> items) throws IOException {
    try (var channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long end = channel.size();
      var lines = new StringBuilder();
      if (end > 0 && !endsWithNewline(channel, end)) {
        lines.append('\n');
      }
      items.forEach(item -> lines.append(item.body()).append('\n'));
      ByteBuffer bytes = StandardCharsets.UTF_8.encode(lines.toString());
      channel.position(end);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }

  private static boolean endsWithNewline(FileChannel channel, long end) throws IOException {
    ByteBuffer last = ByteBuffer.allocate(1);
    return channel.read(last, end - 1) == 1 && last.get(0) == '\n';
  }

  @Override
  public void close() {
    // Nothing stays open between deliveries.
  }
}
