package io.sallyport.audit;

import io.sallyport.identity.Uuids;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Conditions on {@code audit_record}, each a constant of its caller, with their parameters. */
final class Filter {

  /** How far apart a record's id and its time may be made. */
  private static final Duration ID_SLACK = Duration.ofMinutes(1);

  private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");

  private final StringBuilder sql = new StringBuilder();
  private final List<Object> parameters = new ArrayList<>();

  Filter and(String condition, Object... parameter) {
    sql.append("  and ").append(condition).append('\n');
    parameters.addAll(List.of(parameter));
    return this;
  }

  /** Nothing before {@code from} (inclusive), nothing from {@code to} on; null leaves it open. */
  Filter within(Instant from, Instant to) {
    if (from != null) {
      and("at >= ?", bounded(from).atOffset(ZoneOffset.UTC));
    }
    if (to != null) {
      and("at < ?", bounded(to).atOffset(ZoneOffset.UTC));
    }
    return this;
  }

  /** No record of {@code from} or later has a smaller id; null for null. */
  static UUID firstId(Instant from) {
    return from == null ? null : Uuids.lowest(bounded(bounded(from).minus(ID_SLACK)));
  }

  /** No record before {@code to} has this id or a greater one; null for null. */
  static UUID beyondId(Instant to) {
    return to == null ? null : Uuids.lowest(bounded(to).plus(ID_SLACK));
  }

  /** The 48 bits of a UUIDv7 begin in 1970; nobody logged before, and nobody will after 9999. */
  private static Instant bounded(Instant instant) {
    if (instant.isBefore(Instant.EPOCH)) {
      return Instant.EPOCH;
    }
    return instant.isAfter(LATEST) ? LATEST : instant;
  }

  String sql() {
    return sql.toString();
  }

  /** Binds from parameter {@code first} on, and says which comes next. */
  int bind(PreparedStatement statement, int first) throws SQLException {
    int next = first;
    for (Object parameter : parameters) {
      statement.setObject(next++, parameter);
    }
    return next;
  }
}
