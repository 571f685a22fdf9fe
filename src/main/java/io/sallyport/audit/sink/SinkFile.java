package io.sallyport.audit.sink;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/** Which file a sink may write: a plain name in the folder that the service's operator set. */
final class SinkFile {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

  private SinkFile() {}

  /**
   * @throws IllegalArgumentException if there is no folder, or the name could leave it
   */
  static Path in(Optional<Path> folder, String name) {
    if (folder.isEmpty()) {
      throw new IllegalArgumentException(
          "sinks of kind file are off; whoever runs the service sets sallyport.audit.sinks.folder");
    }
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "expected a file's plain name: 1 to 100 of A-Z, a-z, 0-9 and '._-', such as audit.ndjson");
    }
    return folder.get().resolve(name);
  }
}
