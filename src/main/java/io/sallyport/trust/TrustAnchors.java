package io.sallyport.trust;

import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * The anchors that are trusted, with what was said of each. Its methods join the caller's
 * transaction; those that write leave the audit log and the change feed to the command.
 */
@ApplicationScoped
public class TrustAnchors {

  private static final String SELECT =
      """
      select t.id, a.source, a.der, t.name, t.purposes, t.mapping, t.missing_evidence, t.evidence, t.crl_urls,
             t.follow_distribution_points, t.ocsp, t.ocsp_url, t.revision, t.version, t.created_at, t.changed_at
      from trust_anchor t join ca_certificate a on a.id = t.id
      where a.role = 'anchor' and a.state = 'trusted'
      """;

  private static final String ONE = SELECT + "  and t.id = ?";
  private static final String LOCKED = ONE + " for no key update";
  private static final String LIST =
      SELECT + "  and (?::uuid is null or t.id > ?) order by t.id limit ?";
  private static final String OF_AUTHORITY = SELECT + "  and t.evidence = 'registry'";

  private static final String WRITE =
      """
      update trust_anchor
      set name = ?, purposes = ?, mapping = ?, missing_evidence = ?, crl_urls = ?, follow_distribution_points = ?,
          ocsp = ?, ocsp_url = ?, version = version + 1, changed_at = ?,
          revision = revision + case when ? then 1 else 0 end,
          binding = binding + case when mapping <> ? then 1 else 0 end
      where id = ?
      """;

  private static final String REMOVE =
      """
      with gone as (
        update ca_certificate set state = 'removed', changed_at = ?
        where id = ? and role = 'anchor' and state = 'trusted' returning id)
      update trust_anchor set revision = revision + 1, version = version + 1, changed_at = ?
      where id in (select id from gone)
      """;

  private final DataSource dataSource;
  private final Clock clock;

  public TrustAnchors(DataSource dataSource, Clock clock) {
    this.dataSource = dataSource;
    this.clock = clock;
  }

  public Optional<TrustAnchor> find(UUID id) {
    return query(ONE, statement -> statement.setObject(1, id)).stream().findFirst();
  }

  /**
   * Anchors in the order in which they were added.
   *
   * @param after where to go on, or null to begin
   */
  public List<TrustAnchor> list(UUID after, int most) {
    return query(
        LIST,
        statement -> {
          statement.setObject(1, after);
          statement.setObject(2, after);
          statement.setInt(3, most);
        });
  }

  /**
   * The anchor, locked until the transaction ends.
   *
   * @throws ProblemException 404
   */
  @Transactional
  public TrustAnchor locked(UUID id) {
    return query(LOCKED, statement -> statement.setObject(1, id)).stream()
        .findFirst()
        .orElseThrow(
            () -> new ProblemException(Problem.notFound("no trust anchor has the id " + id)));
  }

  /** Whether our own authority issued this CA certificate: then it is no outside CA. */
  boolean isBelowOurAuthority(X509Certificate certificate) {
    return query(OF_AUTHORITY, statement -> {}).stream()
        .anyMatch(
            own ->
                own.certificate()
                        .getSubjectX500Principal()
                        .equals(certificate.getIssuerX500Principal())
                    && AnchorBundle.isIssuedBy(certificate, own.certificate()));
  }

  /**
   * Writes new settings. If the mapping is another, no certificate below is recognised any more
   * until it finds its device anew.
   *
   * @param takesAway whether grants decided under the anchor must die
   */
  @Transactional
  public void write(UUID id, AnchorSettings settings, boolean takesAway) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(WRITE)) {
      statement.setString(1, settings.name());
      statement.setArray(2, connection.createArrayOf("text", settings.purposes().toArray()));
      statement.setString(3, settings.mapping().wire());
      statement.setString(4, settings.missingEvidence().wire());
      statement.setArray(5, connection.createArrayOf("text", settings.crlUrls().toArray()));
      statement.setBoolean(6, settings.followDistributionPoints());
      statement.setString(7, settings.ocsp().wire());
      statement.setString(8, settings.ocspUrl());
      statement.setTimestamp(9, Timestamp.from(clock.instant()));
      statement.setBoolean(10, takesAway);
      statement.setString(11, settings.mapping().wire());
      statement.setObject(12, id);
      if (statement.executeUpdate() != 1) {
        throw new IllegalStateException("an anchor without its row");
      }
    } catch (SQLException e) {
      throw new IllegalStateException("an anchor could not be written", e);
    }
  }

  /** Trusts the anchor no longer; false if it was not trusted. */
  @Transactional
  public boolean remove(UUID id) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(REMOVE)) {
      Timestamp now = Timestamp.from(clock.instant());
      statement.setTimestamp(1, now);
      statement.setObject(2, id);
      statement.setTimestamp(3, now);
      return statement.executeUpdate() == 1;
    } catch (SQLException e) {
      throw new IllegalStateException("an anchor could not be removed", e);
    }
  }

  private interface Binding {
    void to(PreparedStatement statement) throws SQLException;
  }

  private List<TrustAnchor> query(String sql, Binding binding) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      List<TrustAnchor> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(read(rows));
        }
      }
      return found;
    } catch (SQLException | CertificateException e) {
      throw new IllegalStateException("trust anchors could not be read", e);
    }
  }

  private static TrustAnchor read(ResultSet row) throws SQLException, CertificateException {
    return new TrustAnchor(
        row.getObject("id", UUID.class),
        CaSource.of(row.getString("source")),
        (X509Certificate)
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(row.getBytes("der"))),
        new AnchorSettings(
            row.getString("name"),
            texts(row, "purposes"),
            CertificateMapping.of(row.getString("mapping")).orElseThrow(),
            MissingEvidence.of(row.getString("missing_evidence")).orElseThrow(),
            texts(row, "crl_urls"),
            row.getBoolean("follow_distribution_points"),
            OcspUse.of(row.getString("ocsp")).orElseThrow(),
            row.getString("ocsp_url")),
        row.getString("evidence").equals("registry"),
        row.getLong("revision"),
        row.getLong("version"),
        row.getTimestamp("created_at").toInstant(),
        row.getTimestamp("changed_at").toInstant());
  }

  private static List<String> texts(ResultSet row, String column) throws SQLException {
    return Arrays.asList((String[]) row.getArray(column).getArray());
  }
}
