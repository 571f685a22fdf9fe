package io.sallyport.boot;

import java.nio.file.Path;
import java.security.SecureRandom;

/** The way to {@link EmbeddedDatabase} that works where its optional dependency was left out. */
final class EmbeddedDatabases {

  private EmbeddedDatabases() {}

  static DatabaseAddress start(Path folder, SecureRandom random) {
    try {
      return EmbeddedDatabase.start(folder, random);
    } catch (NoClassDefFoundError e) {
      throw new RefusedToStart(
          "no database is configured and this build brings none: set quarkus.datasource.jdbc.url.",
          e);
    } catch (IllegalStateException | java.io.UncheckedIOException e) {
      throw new RefusedToStart(e.getMessage(), e);
    }
  }
}
