package io.sallyport.trust;

import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.List;
import java.util.UUID;
import javax.security.auth.x500.X500Principal;

/** Keeps the row of {@code trust_anchor} that every anchor has, in the caller's transaction. */
final class AnchorRows {

  private static final int LONGEST_NAME = 255;

  // An anchor that became our own authority's is judged by our registry from then on; one of the
  // file follows the configuration. What an operator said of another stays.
  private static final String ENSURE =
      """
      insert into trust_anchor (id, name, missing_evidence, evidence, created_at, changed_at)
      values (?, ?, ?, ?, ?, ?)
      on conflict (id) do update
      set evidence = case when trust_anchor.evidence = 'registry' then 'registry' else excluded.evidence end,
          missing_evidence = excluded.missing_evidence,
          version = trust_anchor.version + 1, changed_at = excluded.changed_at
      where trust_anchor.evidence = 'issuer' and excluded.evidence = 'registry'
         or trust_anchor.missing_evidence <> excluded.missing_evidence
      """;

  private static final String TAKE_AWAY =
      "update trust_anchor set revision = revision + 1 where id = any (?)";

  private static final String RESET =
      """
      update trust_anchor
      set binding = binding + case when mapping <> 'thumbprint' then 1 else 0 end, mapping = 'thumbprint',
          purposes = '{}', crl_urls = '{}', follow_distribution_points = true, ocsp = 'off', ocsp_url = null
      where id = ?
      """;

  private AnchorRows() {}

  /** Forgets what an operator once said of an anchor that now comes from the file. */
  static void reset(Connection connection, UUID anchor) throws SQLException {
    try (var statement = connection.prepareStatement(RESET)) {
      statement.setObject(1, anchor);
      statement.executeUpdate();
    }
  }

  /**
   * @param missingEvidence null for the default
   */
  static void ensure(
      Connection connection,
      UUID id,
      X509Certificate anchor,
      CaSource source,
      MissingEvidence missingEvidence,
      Timestamp now)
      throws SQLException {
    try (var statement = connection.prepareStatement(ENSURE)) {
      statement.setObject(1, id);
      statement.setString(2, nameOf(anchor));
      statement.setString(
          3, (missingEvidence == null ? MissingEvidence.REQUIRE : missingEvidence).wire());
      statement.setString(4, source == CaSource.AUTHORITY ? "registry" : "issuer");
      statement.setTimestamp(5, now);
      statement.setTimestamp(6, now);
      statement.executeUpdate();
    }
  }

  /** Kills every grant that was decided under these anchors. */
  static void takeAway(Connection connection, List<UUID> anchors) throws SQLException {
    try (var statement = connection.prepareStatement(TAKE_AWAY)) {
      statement.setArray(1, connection.createArrayOf("uuid", anchors.toArray()));
      statement.executeUpdate();
    }
  }

  private static String nameOf(X509Certificate anchor) {
    String subject =
        anchor.getSubjectX500Principal().getName(X500Principal.RFC2253).replace('\0', '\ufffd');
    return subject.substring(
        0,
        subject.offsetByCodePoints(
            0, Math.min(LONGEST_NAME, subject.codePointCount(0, subject.length()))));
  }
}
