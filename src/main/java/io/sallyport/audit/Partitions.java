package io.sallyport.audit;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.identity.Uuids;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Makes the months of {@code audit_record} before they come, and those that went by while no
 * replica ran. Records never wait for it: what has no month yet lies in the default partition and
 * is moved when its month is made. Thread-safe; replicas may do it at once.
 */
public final class Partitions {

  /** How many months are made ahead of the present one. */
  public static final int AHEAD = 3;

  private static final Logger LOG = Logger.getLogger(Partitions.class);

  /** One month less than Postgres itself makes, which counts from today and not from the first. */
  private static final int BACK = 23;

  private static final String LAST =
      "select upper from audit_partition order by upper desc limit 1";

  private static final String MAKE = "select audit_make_partition(?)";

  private final DataSource dataSource;
  private final Clock clock;
  private volatile YearMonth madeTo;

  public Partitions(DataSource dataSource, Clock clock, MeterRegistry metrics) {
    this.dataSource = dataSource;
    this.clock = clock;
    Gauge.builder("sallyport.audit.partitions.ahead", this, Partitions::ahead)
        .description("Months of the audit log that are made beyond the present one")
        .register(metrics);
  }

  /**
   * Makes what is missing, up to {@link #AHEAD} months from now.
   *
   * @return the months that were made
   * @throws SQLException if one can't be made now; records go to the default partition meanwhile
   */
  public List<YearMonth> makeAhead() throws SQLException {
    YearMonth present = YearMonth.from(clock.instant().atOffset(ZoneOffset.UTC));
    YearMonth target = present.plusMonths(AHEAD);
    var made = new ArrayList<YearMonth>();
    try (Connection connection = dataSource.getConnection()) {
      YearMonth next = monthOf(last(connection));
      madeTo = next.minusMonths(1);
      YearMonth oldest = present.minusMonths(BACK);
      for (YearMonth month = next.isBefore(oldest) ? oldest : next;
          !month.isAfter(target);
          month = month.plusMonths(1)) {
        if (make(connection, month)) {
          made.add(month);
        }
        madeTo = month;
      }
    }
    if (!made.isEmpty()) {
      LOG.infof("made the audit log's partitions %s", made);
    }
    return made;
  }

  private double ahead() {
    YearMonth to = madeTo;
    if (to == null) {
      return 0;
    }
    YearMonth present = YearMonth.from(clock.instant().atOffset(ZoneOffset.UTC));
    return (to.getYear() - present.getYear()) * 12 + to.getMonthValue() - present.getMonthValue();
  }

  private static UUID last(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery(LAST)) {
      row.next();
      return row.getObject(1, UUID.class);
    }
  }

  private static boolean make(Connection connection, YearMonth month) throws SQLException {
    try (var statement = connection.prepareStatement(MAKE)) {
      statement.setObject(1, LocalDate.of(month.getYear(), month.getMonth(), 1));
      try (var row = statement.executeQuery()) {
        return row.next() && row.getBoolean(1);
      }
    }
  }

  private static YearMonth monthOf(UUID bound) {
    Instant instant = Uuids.timeOf(bound);
    return YearMonth.from(instant.atOffset(ZoneOffset.UTC));
  }
}
