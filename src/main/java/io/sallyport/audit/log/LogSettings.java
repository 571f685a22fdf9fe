package io.sallyport.audit.log;

import java.time.Duration;

/**
 * How the log names itself and how often it looks for new records.
 *
 * @param origin the first line of every checkpoint and the name of its keys
 * @param period between two looks; each that finds records makes a checkpoint
 * @param batch how many leaves one checkpoint adds at most
 */
public record LogSettings(String origin, Duration period, int batch) {

  public LogSettings {
    NoteKey.requireName(origin);
    if (!period.isPositive()) {
      throw new IllegalArgumentException("period: longer than nothing");
    }
    if (batch < 1) {
      throw new IllegalArgumentException("batch: at least 1");
    }
  }
}
