package io.sallyport.trust;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import javax.sql.DataSource;

/** Reads the health of the anchors whose issuers are asked. */
final class AnchorHealths {

  private static final int MAX_SOURCES = 1_000;

  private static final String ANCHORS =
      """
      select t.id, t.ocsp, t.follow_distribution_points,
        exists (select from certificate c where c.path[cardinality(c.path)] = t.id) as used
      from trust_anchor t join ca_certificate a on a.id = t.id
      where t.evidence = 'issuer' and a.state = 'trusted' and a.role = 'anchor' and (?::uuid is null or t.id = ?)
      """;

  private static final String SOURCES =
      """
      select s.anchor, s.id, s.url, s.origin, coalesce(s.delta, s.base_number is not null) as delta, s.generation,
        s.issuer, s.number, s.this_update, s.next_update, s.entries, s.loaded_at, s.attempted_at, s.fetched_at,
        s.next_fetch_at, s.failures, s.failure, s.failure_detail, s.failing_since
      from crl_source s join trust_anchor t on t.id = s.anchor
      where s.anchor = ?
        and (s.origin <> 'distributionPoint' or t.follow_distribution_points)
        and (s.origin <> 'configured' or s.url = any (t.crl_urls))
      order by s.failing_since nulls last, s.url limit %d
      """
          .formatted(MAX_SOURCES);

  private record Anchor(UUID id, String ocsp, boolean follows, boolean used) {}

  private final DataSource dataSource;
  private final UnknownVerdicts unknowns;
  private final Clock clock;

  AnchorHealths(DataSource dataSource, UnknownVerdicts unknowns, Clock clock) {
    this.dataSource = dataSource;
    this.unknowns = unknowns;
    this.clock = clock;
  }

  /** Of one anchor; empty if there is none of this id whose issuers are asked. */
  Optional<AnchorHealth> of(UUID anchor) throws SQLException {
    return read(anchor).stream().findFirst();
  }

  List<AnchorHealth> all() throws SQLException {
    return read(null);
  }

  private List<AnchorHealth> read(UUID only) throws SQLException {
    Instant now = clock.instant();
    List<AnchorHealth> healths = new ArrayList<>();
    try (Connection connection = dataSource.getConnection()) {
      for (Anchor anchor : anchors(connection, only)) {
        List<AnchorHealth.Source> sources = sources(connection, anchor.id(), now);
        Set<String> causes = causes(anchor, sources, now);
        healths.add(new AnchorHealth(anchor.id(), causes.isEmpty(), List.copyOf(causes), sources));
      }
    }
    return healths;
  }

  private Set<String> causes(Anchor anchor, List<AnchorHealth.Source> sources, Instant now) {
    Set<String> causes = new TreeSet<>();
    unknowns.cause(anchor.id(), now).ifPresent(causes::add);
    boolean listsOnly = anchor.ocsp().equals("off");
    if (listsOnly && sources.isEmpty() && (anchor.used() || !anchor.follows())) {
      causes.add("crl_missing");
    }
    for (AnchorHealth.Source source : sources) {
      if (source.delta() || !listsOnly && source.state().equals("missing")) {
        // Without its delta the base still counts; and a responder may make up for a list.
        continue;
      }
      switch (source.state()) {
        case "stale" -> causes.add(CrlFault.CRL_STALE.code());
        // One that was not tried yet is not in trouble.
        case "missing" -> {
          if (source.failure() != null) {
            causes.add(source.failure());
          }
        }
        default -> {
          // It is current; why the next one can't be had is told beside it.
        }
      }
    }
    return causes;
  }

  private static List<Anchor> anchors(Connection connection, UUID only) throws SQLException {
    List<Anchor> anchors = new ArrayList<>();
    try (var statement = connection.prepareStatement(ANCHORS)) {
      statement.setObject(1, only);
      statement.setObject(2, only);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          anchors.add(
              new Anchor(
                  row.getObject("id", UUID.class),
                  row.getString("ocsp"),
                  row.getBoolean("follow_distribution_points"),
                  row.getBoolean("used")));
        }
      }
    }
    return anchors;
  }

  private static List<AnchorHealth.Source> sources(Connection connection, UUID anchor, Instant now)
      throws SQLException {
    List<AnchorHealth.Source> sources = new ArrayList<>();
    try (var statement = connection.prepareStatement(SOURCES)) {
      statement.setObject(1, anchor);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          Instant nextUpdate = instant(row, "next_update");
          sources.add(
              new AnchorHealth.Source(
                  row.getObject("id", UUID.class),
                  row.getString("url"),
                  row.getString("origin"),
                  row.getBoolean("delta"),
                  row.getObject("generation") == null
                      ? "missing"
                      : now.isAfter(nextUpdate) ? "stale" : "current",
                  row.getString("issuer"),
                  row.getBigDecimal("number") == null
                      ? null
                      : row.getBigDecimal("number").toPlainString(),
                  instant(row, "this_update"),
                  nextUpdate,
                  row.getObject("entries", Long.class),
                  instant(row, "loaded_at"),
                  instant(row, "attempted_at"),
                  instant(row, "fetched_at"),
                  instant(row, "next_fetch_at"),
                  row.getInt("failures"),
                  row.getString("failure"),
                  row.getString("failure_detail"),
                  instant(row, "failing_since")));
        }
      }
    }
    return sources;
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp timestamp = row.getTimestamp(column);
    return timestamp == null ? null : timestamp.toInstant();
  }
}
