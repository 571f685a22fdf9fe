package io.sallyport.trust;

import io.sallyport.identity.Uuids;
import java.net.URI;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** The places lists come from: learned, leased to one replica at a time, and what came of it. */
final class CrlSources {

  /** A CA that names a place for each certificate can't fill the database. */
  private static final int MAX_PER_ANCHOR = 10_000;

  // One that an operator has let go of is still what the certificates name.
  private static final String LEARN =
      """
      insert into crl_source (id, anchor, url, origin, delta, created_at, next_fetch_at)
      select ?, t.id, ?, ?, ?, ?, ?
      from trust_anchor t
      where t.id = ? and t.evidence = 'issuer' and (t.follow_distribution_points or ?)
        and (select count(*) from crl_source where anchor = t.id) < %d
      on conflict (anchor, url) do update set origin = excluded.origin
      where crl_source.origin = 'configured'
        and not exists (
          select from trust_anchor a where a.id = crl_source.anchor and crl_source.url = any (a.crl_urls))
      """
          .formatted(MAX_PER_ANCHOR);

  // What an operator gives is fetched and believed as such, whoever named it first.
  private static final String ADOPT_CONFIGURED =
      """
      update crl_source s set origin = 'configured', delta = null
      from trust_anchor t cross join lateral unnest(t.crl_urls) as u (url)
      where t.evidence = 'issuer' and s.anchor = t.id and s.url = u.url and s.origin = 'distributionPoint'
      """;

  private static final String LEARN_CONFIGURED =
      """
      insert into crl_source (id, anchor, url, origin, created_at, next_fetch_at)
      select gen_random_uuid(), t.id, u.url, 'configured', ?, ?
      from trust_anchor t cross join lateral unnest(t.crl_urls) as u (url)
      where t.evidence = 'issuer'
      on conflict (anchor, url) do nothing
      """;

  // A source is worth fetching while its anchor is trusted and still wants it.
  private static final String LEASE =
      """
      update crl_source set leased_by = ?, leased_until = ?, attempted_at = ?
      where id = (
        select s.id from crl_source s
        join trust_anchor t on t.id = s.anchor and t.evidence = 'issuer'
        join ca_certificate a on a.id = s.anchor and a.state = 'trusted' and a.role = 'anchor'
        where s.next_fetch_at <= ? and (s.leased_until is null or s.leased_until < ?)
          and (s.origin <> 'distributionPoint' or t.follow_distribution_points)
          and (s.origin <> 'configured' or s.url = any (t.crl_urls))
        order by s.delta nulls first, s.next_fetch_at limit 1 for update of s skip locked)
      returning %s
      """
          .formatted(CrlSource.COLUMNS);

  private static final String FETCHED =
      """
      update crl_source set fetched_at = ?, etag = ?, last_modified = ?, next_fetch_at = ?,
        leased_by = null, leased_until = null,
        failures = 0, failure = null, failure_detail = null, failing_since = null
      where id = ? and leased_by = ?
      """;

  private static final String FAILED =
      """
      update crl_source set failures = failures + 1, failure = ?, failure_detail = ?,
        failing_since = coalesce(failing_since, ?), next_fetch_at = ?, leased_by = null, leased_until = null
      where id = ? and leased_by = ?
      """;

  private static final String UPLOADED =
      """
      insert into crl_source (id, anchor, url, origin, delta, created_at)
      select ?, t.id, ?, 'uploaded', ?, ? from trust_anchor t where t.id = ? and t.evidence = 'issuer'
      on conflict (anchor, url) do update set attempted_at = excluded.created_at
      returning %s
      """
          .formatted(CrlSource.COLUMNS);

  private static final String SOON =
      "update crl_source set next_fetch_at = ? where anchor = ? and origin <> 'uploaded'";

  private static final String SOON_AFTER_UNKNOWN_ISSUER =
      "update crl_source set next_fetch_at = ? where anchor = ? and failure = 'crl_unknown_issuer'";

  private static final String TRUSTED_ANCHOR =
      """
      select 1 from trust_anchor t join ca_certificate a on a.id = t.id
      where t.id = ? and t.evidence = 'issuer' and a.state = 'trusted' and a.role = 'anchor'
      """;

  private final DataSource dataSource;
  private final Uuids uuids;
  private final Clock clock;

  CrlSources(DataSource dataSource, Uuids uuids, Clock clock) {
    this.dataSource = dataSource;
    this.uuids = uuids;
    this.clock = clock;
  }

  /** Remembers a place that a certificate or a list names; only http and https lead anywhere. */
  boolean learn(UUID anchor, URI url, boolean delta) throws SQLException {
    return isFetchable(url)
        && change(
                LEARN,
                statement -> {
                  statement.setObject(1, uuids.next());
                  statement.setString(2, url.toString());
                  statement.setString(3, "distributionPoint");
                  statement.setBoolean(4, delta);
                  statement.setTimestamp(5, now());
                  statement.setTimestamp(6, now());
                  statement.setObject(7, anchor);
                  statement.setBoolean(8, false);
                })
            == 1;
  }

  static boolean isFetchable(URI url) {
    return "http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme());
  }

  /** Remembers the places that operators have given to anchors. */
  int learnConfigured() throws SQLException {
    return change(ADOPT_CONFIGURED, statement -> {})
        + change(
            LEARN_CONFIGURED,
            statement -> {
              statement.setTimestamp(1, now());
              statement.setTimestamp(2, now());
            });
  }

  /** Leases the source that has been due for longest; complete lists before deltas. */
  Optional<CrlSource> lease(String holder, Duration time) throws SQLException {
    return one(
        LEASE,
        statement -> {
          statement.setString(1, holder);
          statement.setTimestamp(2, Timestamp.from(clock.instant().plus(time)));
          statement.setTimestamp(3, now());
          statement.setTimestamp(4, now());
          statement.setTimestamp(5, now());
        });
  }

  /** The source is as it should be; ends the lease. */
  void fetched(CrlSource source, String holder, String etag, String lastModified, Instant next)
      throws SQLException {
    change(
        FETCHED,
        statement -> {
          statement.setTimestamp(1, now());
          statement.setString(2, etag);
          statement.setString(3, lastModified);
          statement.setTimestamp(4, Timestamp.from(next));
          statement.setObject(5, source.id());
          statement.setString(6, holder);
        });
  }

  /** Nothing usable came; ends the lease. The list in force stays. */
  void failed(CrlSource source, String holder, CrlRefused why, Instant next) throws SQLException {
    change(
        FAILED,
        statement -> {
          statement.setString(1, why.fault().code());
          statement.setString(2, why.getMessage());
          statement.setTimestamp(3, now());
          statement.setTimestamp(4, Timestamp.from(next));
          statement.setObject(5, source.id());
          statement.setString(6, holder);
        });
  }

  /** The source of an operator's uploads of this name; empty if the anchor asks no issuer. */
  Optional<CrlSource> uploaded(UUID anchor, String name, boolean delta) throws SQLException {
    return one(
        UPLOADED,
        statement -> {
          statement.setObject(1, uuids.next());
          statement.setString(2, name);
          statement.setBoolean(3, delta);
          statement.setTimestamp(4, now());
          statement.setObject(5, anchor);
        });
  }

  /** Makes every source of an anchor due; returns how many. */
  int soon(UUID anchor) throws SQLException {
    return change(
        SOON,
        statement -> {
          statement.setTimestamp(1, now());
          statement.setObject(2, anchor);
        });
  }

  /** An issuer has become known: lists that were refused for want of it are due. */
  void soonAfterUnknownIssuer(UUID anchor) throws SQLException {
    change(
        SOON_AFTER_UNKNOWN_ISSUER,
        statement -> {
          statement.setTimestamp(1, now());
          statement.setObject(2, anchor);
        });
  }

  /** Whether this is a trusted anchor whose issuers are asked. */
  boolean isAsked(UUID anchor) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(TRUSTED_ANCHOR)) {
      statement.setObject(1, anchor);
      try (ResultSet row = statement.executeQuery()) {
        return row.next();
      }
    }
  }

  private interface Binding {
    void to(PreparedStatement statement) throws SQLException;
  }

  private int change(String sql, Binding binding) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      return statement.executeUpdate();
    }
  }

  private Optional<CrlSource> one(String sql, Binding binding) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? Optional.of(CrlSource.read(row)) : Optional.empty();
      }
    }
  }

  private Timestamp now() {
    return Timestamp.from(clock.instant());
  }
}
