package io.sallyport.audit.sink;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * What holds for all sinks.
 *
 * @param folder where sinks of kind file may write; without, there are none
 * @param allowHttp whether webhooks and witnesses may be asked without TLS
 * @param period how often an idle sink looks for news, and replicas for new sinks
 * @param patience how long one delivery may take
 * @param refusals how often one item is offered to a receiver that refuses it
 */
public record SinkSettings(
    Optional<Path> folder, boolean allowHttp, Duration period, Duration patience, int refusals) {

  public SinkSettings {
    Objects.requireNonNull(folder, "folder");
    if (!period.isPositive() || !patience.isPositive()) {
      throw new IllegalArgumentException("period and patience: longer than nothing");
    }
    if (refusals < 1) {
      throw new IllegalArgumentException("refusals: at least 1");
    }
  }

  /**
   * How long a replica holds a sink without a sign of life: longer than any delivery with what
   * belongs to it.
   */
  Duration hold() {
    return patience.multipliedBy(3).plusSeconds(10);
  }
}
