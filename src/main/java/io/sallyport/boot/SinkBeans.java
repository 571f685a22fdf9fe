package io.sallyport.boot;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.audit.log.Cosignatures;
import io.sallyport.audit.log.TransparencyLog;
import io.sallyport.audit.sink.SinkSettings;
import io.sallyport.audit.sink.Sinking;
import io.sallyport.audit.sink.Sinks;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import javax.sql.DataSource;

/** Makes what sends the log elsewhere. */
@Singleton
final class SinkBeans {

  @Produces
  @Singleton
  SinkSettings sinkSettings(SallyportConfig config) {
    var sinks = config.audit().sinks();
    Optional<Path> folder = sinks.folder().map(Path::toAbsolutePath);
    if (folder.isPresent() && !Files.isDirectory(folder.get())) {
      throw new RefusedToStart(
          "sallyport.audit.sinks.folder: " + folder.get() + " is no folder; make it first");
    }
    try {
      return new SinkSettings(
          folder, sinks.allowHttp(), sinks.period(), sinks.patience(), sinks.refusals());
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.audit.sinks: " + e.getMessage(), e);
    }
  }

  @Produces
  @Singleton
  Cosignatures cosignatures(DataSource dataSource) {
    return new Cosignatures(dataSource);
  }

  @Produces
  @Singleton
  Sinking sinking(
      Sinks sinks,
      DataSource dataSource,
      TransparencyLog log,
      SinkSettings settings,
      Clock clock,
      SecureRandom random,
      @Named("replica") String replica,
      MeterRegistry metrics) {
    return new Sinking(sinks, dataSource, log, settings, clock, random, replica, metrics);
  }

  void close(@Disposes Sinking sinking) {
    sinking.close();
  }
}
