package io.sallyport.boot;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.audit.log.CheckpointMemory;
import io.sallyport.audit.log.LogKeys;
import io.sallyport.audit.log.LogSettings;
import io.sallyport.audit.log.Sequencer;
import io.sallyport.audit.log.Sequencing;
import io.sallyport.audit.log.SigningKey;
import io.sallyport.audit.log.TransparencyLog;
import io.sallyport.seal.MasterKey;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import javax.sql.DataSource;

/** Makes the transparency log with its key. */
@Singleton
final class AuditLogBeans {

  /** Leaves of one checkpoint; as many records are in memory at once. */
  private static final int BATCH = 4_096;

  @Produces
  @Singleton
  LogSettings logSettings(SallyportConfig config) {
    String origin =
        config
            .audit()
            .log()
            .origin()
            .orElseGet(() -> config.issuer().replaceFirst("^https?://", "") + "/api/v1/audit/log");
    try {
      return new LogSettings(origin, config.audit().log().period(), BATCH);
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.audit.log: " + e.getMessage(), e);
    }
  }

  @Produces
  @Singleton
  LogKeys logKeys(
      DataSource dataSource,
      MasterKey masterKey,
      Clock clock,
      SecureRandom random,
      LogSettings settings,
      SallyportConfig config) {
    return new LogKeys(
        dataSource,
        masterKey,
        clock,
        signingKey(config.audit().key(), Preparation.absolute(config.data()), random),
        settings);
  }

  static SigningKey signingKey(Optional<Path> given, Path data, SecureRandom random) {
    Path file = given.orElse(data.resolve("audit.key"));
    try {
      if (given.isEmpty() && !Files.exists(file)) {
        PrivateFiles.write(file, SigningKey.newPem(random).getBytes(StandardCharsets.US_ASCII));
      }
      return SigningKey.ofPem(Files.readString(file, StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new RefusedToStart("sallyport.audit.key: " + file + " can't be read", e);
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.audit.key: " + file + ": " + e.getMessage(), e);
    }
  }

  @Produces
  @Singleton
  CheckpointMemory checkpointMemory(SallyportConfig config) {
    try {
      return new CheckpointMemory(Preparation.absolute(config.data()).resolve("audit.checkpoint"));
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart(e.getMessage(), e);
    }
  }

  @Produces
  @Singleton
  Sequencing sequencing(
      DataSource dataSource,
      LogKeys keys,
      CheckpointMemory memory,
      LogSettings settings,
      Clock clock,
      @Named("replica") String replica,
      MeterRegistry metrics) {
    return new Sequencing(
        new Sequencer(dataSource, keys, memory, settings, clock, replica), settings, metrics);
  }

  void close(@Disposes Sequencing sequencing) {
    sequencing.close();
  }

  @Produces
  @Singleton
  TransparencyLog transparencyLog(DataSource dataSource, LogKeys keys, CheckpointMemory memory) {
    return new TransparencyLog(dataSource, keys, memory);
  }
}
