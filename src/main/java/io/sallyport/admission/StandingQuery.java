package io.sallyport.admission;

import io.sallyport.grant.GrantTable;
import io.sallyport.grant.SessionGrant;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.policy.Segments;
import io.sallyport.registry.CertificateMac;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Reads standing: device, certificate, issuer path, revocation, epochs, posture and the version of
 * the policy in force in one statement, from the primary, at every decision; and grants with their
 * standing, likewise. Never cached, so that a revocation holds from the next decision on, on every
 * replica.
 */
public final class StandingQuery implements AutoCloseable {

  // While one statement runs the next batch gathers; more readers would only make the batches
  // smaller.
  private static final int READERS = 2;

  private static final int GRANT_COLUMN = StandingRow.COLUMN_COUNT + 1;

  // Ids are ordered by time, their texts too.
  private static final Comparator<Granted> NEWEST_FIRST =
      Comparator.comparing((Granted granted) -> granted.grant().id().toString()).reversed();

  /** The joins of {@code certificate c} that {@link StandingRow} reads from. */
  static final String JOINS =
      """
      join device d on d.id = c.device_id
      left join trust_anchor t on t.id = c.path[cardinality(c.path)]
      left join revocation r on r.issuer_key = c.issuer_key and r.serial = c.serial
      cross join lateral (
        select count(*) filter (where a.state = 'trusted') as trusted,
               count(*) filter (where a.state = 'revoked') as revoked
        from ca_certificate a where a.id = any (c.path)) path
      cross join lateral (
        select json_object_agg(p.name, json_build_array(
                 p.value, p.source, extract(epoch from p.reported_at), extract(epoch from p.expires_at)))::text as facts
        from posture p where p.device_id = d.id) posture
      """;

  static final String STANDING =
      "select "
          + StandingRow.COLUMNS
          + "from certificate c\n"
          + JOINS
          + "where c.thumbprint = any (?)\n";

  // The audiences of a grant's segments are read with it: a segment opens its own name, and what
  // its row says.
  private static final String GRANTED =
      "select "
          + StandingRow.COLUMNS
          + ", "
          + GrantTable.COLUMNS
          + """
            , g.ended_at, g.end_reason,
            array(select unnest(s.audiences) from segment s where s.name = any (g.segments)),
            g.user_facts is null or exists (
              select from identity_provider i where i.issuer = g.user_facts ->> 'issuer' and i.state = 'active')
            """;

  static final String GRANT =
      GRANTED
          + "from session_grant g join certificate c on c.thumbprint = g.thumbprint\n"
          + JOINS
          + "where g.id = any (?)\n";

  // Whoever comes back gets the newest; should a rule have ended that one, an older one of another
  // user or door may still live.
  private static final String NEWEST =
      GRANTED
          + """
            from unnest(?::bytea[]) asked (thumbprint)
            cross join lateral (
              select * from session_grant n
              where n.thumbprint = asked.thumbprint and n.ended_at is null and n.expires_at > ?
              order by n.id desc limit 4) g
            join certificate c on c.thumbprint = g.thumbprint
            """
          + JOINS;

  private final DataSource dataSource;
  private final CertificateMac mac;
  private final Segments segments;
  private final Clock clock;
  private final StandingReads<CertificateThumbprint, Standing> standings;
  private final StandingReads<GrantId, Granted> grants;
  private final StandingReads<CertificateThumbprint, List<Granted>> newest;
  private final StandingReads<List<SegmentName>, Set<String>> audiences;

  /**
   * A grant with what is known of its device and certificate, read at one moment.
   *
   * @param standing empty if the certificate's row does not carry our MAC
   * @param ended why it was ended, if it was
   * @param opened the audiences that its segments open
   * @param vouched whether it was given to no person, or to one of a provider that is active
   */
  record Granted(
      SessionGrant grant,
      Optional<Standing> standing,
      Optional<String> ended,
      Set<String> opened,
      boolean vouched) {}

  /**
   * @param patience how long a caller waits for its answer
   */
  public StandingQuery(
      DataSource dataSource,
      CertificateMac mac,
      Segments segments,
      Clock clock,
      Duration patience) {
    this.dataSource = dataSource;
    this.mac = mac;
    this.segments = segments;
    this.clock = clock;
    this.standings = new StandingReads<>("standing", this::standings, READERS, patience);
    this.grants = new StandingReads<>("grant", this::grants, READERS, patience);
    this.newest = new StandingReads<>("session", this::newest, 1, patience);
    this.audiences = new StandingReads<>("audience", this::audiences, 1, patience);
  }

  /**
   * The standing of the registered certificate with this thumbprint; empty if there is none, or if
   * its row does not carry our MAC, which is an alert.
   */
  Optional<Standing> of(CertificateThumbprint thumbprint) throws StoreUnavailableException {
    return standings.of(thumbprint);
  }

  /** The grant of this id with its standing; empty if there is none. */
  Optional<Granted> of(GrantId grant) throws StoreUnavailableException {
    return grants.of(grant);
  }

  /** These grants with their standing, by one statement; those that there are not are left out. */
  Map<GrantId, Granted> ofAll(List<GrantId> ids) throws SQLException {
    return grants(ids);
  }

  /** The newest few grants of this certificate that neither ended nor expired, newest first. */
  List<Granted> newest(CertificateThumbprint thumbprint) throws StoreUnavailableException {
    return newest.of(thumbprint).orElse(List.of());
  }

  /** The audiences that these segments open. */
  Set<String> openedBy(List<SegmentName> names) throws StoreUnavailableException {
    return audiences.of(names).orElse(Set.of());
  }

  @Override
  public void close() {
    standings.close();
    grants.close();
    newest.close();
    audiences.close();
  }

  private Map<CertificateThumbprint, Standing> standings(List<CertificateThumbprint> thumbprints)
      throws SQLException {
    Map<CertificateThumbprint, Standing> found = new HashMap<>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(STANDING)) {
      statement.setArray(1, thumbprints(connection, thumbprints));
      try (var row = statement.executeQuery()) {
        while (row.next()) {
          StandingRow.read(row, mac)
              .ifPresent(standing -> found.put(standing.certificate().thumbprint(), standing));
        }
      }
    }
    return found;
  }

  private Map<GrantId, Granted> grants(List<GrantId> ids) throws SQLException {
    Map<GrantId, Granted> found = new HashMap<>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(GRANT)) {
      statement.setArray(
          1,
          connection.createArrayOf("uuid", ids.stream().map(GrantId::value).toArray(UUID[]::new)));
      try (var row = statement.executeQuery()) {
        while (row.next()) {
          Granted granted = granted(row);
          found.put(granted.grant().id(), granted);
        }
      }
    }
    return found;
  }

  private Map<CertificateThumbprint, List<Granted>> newest(List<CertificateThumbprint> thumbprints)
      throws SQLException {
    Map<CertificateThumbprint, List<Granted>> found = new HashMap<>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(NEWEST)) {
      statement.setArray(1, thumbprints(connection, thumbprints));
      statement.setTimestamp(2, Timestamp.from(clock.instant()));
      try (var row = statement.executeQuery()) {
        while (row.next()) {
          Granted granted = granted(row);
          found
              .computeIfAbsent(granted.grant().thumbprint(), none -> new ArrayList<>())
              .add(granted);
        }
      }
    }
    // The lateral part gives each certificate's grants in order; the joins after it promise
    // nothing.
    found.values().forEach(list -> list.sort(NEWEST_FIRST));
    return found;
  }

  private Map<List<SegmentName>, Set<String>> audiences(List<List<SegmentName>> asked)
      throws SQLException {
    Map<List<SegmentName>, Set<String>> found = new HashMap<>();
    try (Connection connection = dataSource.getConnection()) {
      for (List<SegmentName> names : asked) {
        found.put(names, segments.audiencesOf(connection, names));
      }
    }
    return found;
  }

  private Granted granted(ResultSet row) throws SQLException {
    boolean ended = row.getTimestamp(GRANT_COLUMN + GrantTable.COLUMN_COUNT) != null;
    String reason = row.getString(GRANT_COLUMN + GrantTable.COLUMN_COUNT + 1);
    Array opened = row.getArray(GRANT_COLUMN + GrantTable.COLUMN_COUNT + 2);
    return new Granted(
        GrantTable.read(row, GRANT_COLUMN),
        StandingRow.read(row, mac),
        ended ? Optional.of(reason == null ? "ended" : reason) : Optional.empty(),
        Set.copyOf(Arrays.asList((String[]) opened.getArray())),
        row.getBoolean(GRANT_COLUMN + GrantTable.COLUMN_COUNT + 3));
  }

  private static Array thumbprints(Connection connection, List<CertificateThumbprint> thumbprints)
      throws SQLException {
    return connection.createArrayOf(
        "bytea", thumbprints.stream().map(CertificateThumbprint::bytes).toArray(byte[][]::new));
  }
}
