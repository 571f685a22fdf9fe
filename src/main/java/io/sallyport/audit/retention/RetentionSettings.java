package io.sallyport.audit.retention;

import java.nio.file.Path;
import java.time.Period;
import java.util.Objects;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * How long records stay, and by whom they go.
 *
 * @param after how long after its end a month stays; empty for ever
 * @param archive the folder where a month goes before it is dropped
 * @param database signed in as the role that may drop and erase, and patient enough to read a month
 *     of records by one statement; empty if that role is not set up, and then nothing goes
 */
public record RetentionSettings(
    Optional<Period> after, Optional<Path> archive, Optional<DataSource> database) {

  public RetentionSettings {
    Objects.requireNonNull(database, "database");
    if (after.isPresent() && (after.get().isNegative() || after.get().toTotalMonths() < 1)) {
      throw new IllegalArgumentException("after: at least a month, not " + after.get());
    }
    if (after.isPresent() && (archive.isEmpty() || database.isEmpty())) {
      throw new IllegalArgumentException("after: needs an archive and the retention's role");
    }
  }
}
