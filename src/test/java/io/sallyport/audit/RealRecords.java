package io.sallyport.audit;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;

/** Writes records as the service does, for tests of what is made of them. */
public final class RealRecords {

  private final Samples samples = new Samples();
  private final DataSource dataSource;
  private final Path spool;

  /**
   * @param spool an empty folder
   */
  public RealRecords(DataSource dataSource, Path spool) {
    this.dataSource = dataSource;
    this.spool = spool;
  }

  /** Admissions, refusals and changes in turn, each committed alone; their ids in that order. */
  public List<UUID> write(int count) throws AuditUnavailableException {
    var written = new ArrayList<UUID>();
    try (var log =
        new AuditLog(
            dataSource,
            LogBench.settings(spool),
            samples.clock,
            Samples.RANDOM,
            samples.ids,
            "replica-1",
            new SimpleMeterRegistry())) {
      for (int i = 0; i < count; i++) {
        written.add(
            switch (i % 3) {
              case 0 -> append(log, samples.admitted());
              case 1 -> append(log, samples.refused("revoked", "expired"));
              default -> append(log, change());
            });
      }
    }
    return written;
  }

  /** The same, all of one time. */
  public List<UUID> writeAt(Instant first, int count) throws AuditUnavailableException {
    samples.clock.set(first);
    return write(count);
  }

  private static UUID append(AuditLog log, DecisionRecord record) throws AuditUnavailableException {
    log.append(record);
    return record.id().value();
  }

  private static UUID append(AuditLog log, ChangeRecord change) {
    log.appendChange(change);
    return change.id();
  }

  private ChangeRecord change() {
    return new ChangeRecord(
        samples.ids.next(),
        samples.clock.instant(),
        "device.update",
        "operator:admin",
        "2001:db8::7",
        new DeviceId(samples.ids.next()),
        CertificateThumbprint.ofDer("a certificate".getBytes(StandardCharsets.UTF_8)),
        Map.of("name", "laptop of Zoë", "labels", Map.of("owner", "Zoë", "a/b~c", "x")),
        Map.of(
            "name",
            "laptop of Max",
            "segments",
            List.of("office"),
            "identifiers",
            List.of("7", "8")));
  }

  /** Many admissions by one transaction each thousand, for measurements. */
  public void writeMany(int count) throws java.sql.SQLException {
    var encoder = new RecordEncoder(Samples.RANDOM, "replica-1");
    try (var connection = dataSource.getConnection()) {
      for (int written = 0; written < count; written += 1_000) {
        var batch = new ArrayList<EncodedRecord>();
        for (int i = 0; i < 1_000; i++) {
          batch.add(encoder.encode(samples.admitted()));
        }
        AuditRows.insert(connection, batch);
      }
    }
  }
}
