package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Cause;
import io.sallyport.admission.Standing.Revocation;
import io.sallyport.admission.Stranger.Anchor;
import io.sallyport.admission.Stranger.Candidate;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.registry.DeviceIdentifier;
import io.sallyport.registry.DeviceKind;
import io.sallyport.registry.DeviceState;
import io.sallyport.registry.KeyFingerprint;
import io.sallyport.trust.CertificateMapping;
import io.sallyport.trust.MissingEvidence;
import io.sallyport.trust.ValidatedChain;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;

/**
 * Reads what decides about certificates that are not recognised: whether they were taken back, what
 * is said of their anchor, and which device they lead to. From the primary, never cached.
 */
public final class StrangerQuery {

  // Rare beside those that are recognised, and never at their cost.
  private static final int READERS = 4;

  private static final String REVOCATION =
      """
      select reason, revoked_at from revocation
      where (issuer_key = ? and serial = ?) or (spki = ? and reason = 'keyCompromise')
      order by revoked_at limit 1
      """;

  private static final String ISSUERS =
      """
      select a.thumbprint, a.state, a.role, t.id, t.name, t.purposes, t.mapping, t.evidence, t.missing_evidence
      from ca_certificate a left join trust_anchor t on t.id = a.id
      where a.thumbprint = any (?)
      """;

  // Two are as many as it takes to know that there is not exactly one. Materialized, so that the
  // planner, which can't know how few they are, looks for them by the index and not for any two
  // along the table.
  static final String DEVICES =
      """
      with named as materialized (select id, name, kind, state, version from device where identifiers && ?)
      select id, name, kind, state, version from named limit 2
      """;

  private final DataSource dataSource;
  private final Duration patience;

  // Agroal is not fair to virtual threads.
  private final Semaphore readers = new Semaphore(READERS, true);

  /**
   * @param patience how long a caller waits for its turn
   */
  public StrangerQuery(DataSource dataSource, Duration patience) {
    this.dataSource = dataSource;
    this.patience = patience;
  }

  /**
   * What is known of the leaf of a valid path. The anchor is null if the path's last certificate is
   * no trusted anchor any more.
   */
  Stranger of(ValidatedChain chain) throws StoreUnavailableException {
    return withConnection(
        connection -> {
          Path path = path(connection, chain);
          List<Candidate> candidates =
              path.anchor == null
                  ? List.of()
                  : candidates(
                      connection, DeviceIdentifier.of(chain.leaf(), path.anchor.mapping()));
          return new Stranger(
              path.anchor,
              path.trusted,
              path.revoked,
              revocation(connection, chain.leaf()),
              candidates);
        });
  }

  /** Whether this certificate was taken back, or its key reported compromised. */
  Optional<Revocation> revocationOf(X509Certificate leaf) throws StoreUnavailableException {
    return withConnection(connection -> revocation(connection, leaf));
  }

  private static Optional<Revocation> revocation(Connection connection, X509Certificate leaf)
      throws SQLException {
    IssuerAndSerial name = IssuerAndSerial.of(leaf);
    try (var statement = connection.prepareStatement(REVOCATION)) {
      statement.setBytes(1, name.issuerKey());
      statement.setString(2, name.serial());
      statement.setBytes(3, keyOf(leaf));
      try (var row = statement.executeQuery()) {
        return row.next()
            ? Optional.of(new Revocation(row.getString(1), row.getTimestamp(2).toInstant()))
            : Optional.empty();
      }
    }
  }

  /** Null where the key can't be read: its certificate is refused for that. */
  private static byte[] keyOf(X509Certificate leaf) {
    try {
      return KeyFingerprint.of(leaf.getPublicKey());
    } catch (RuntimeException e) {
      return null;
    }
  }

  private static final class Path {
    private Anchor anchor;
    private boolean trusted = true;
    private boolean revoked;
  }

  private static Path path(Connection connection, ValidatedChain chain) throws SQLException {
    List<byte[]> thumbprints = new ArrayList<>();
    for (X509Certificate issuer : chain.issuers()) {
      thumbprints.add(thumbprint(issuer));
    }
    Path path = new Path();
    try (var statement = connection.prepareStatement(ISSUERS)) {
      statement.setArray(1, connection.createArrayOf("bytea", thumbprints.toArray(byte[][]::new)));
      try (var row = statement.executeQuery()) {
        while (row.next()) {
          path.trusted &= row.getString("state").equals("trusted");
          path.revoked |= row.getString("state").equals("revoked");
          UUID id = row.getObject("id", UUID.class);
          if (id != null
              && row.getString("role").equals("anchor")
              && row.getString("state").equals("trusted")
              && Arrays.equals(row.getBytes("thumbprint"), thumbprints.getLast())) {
            path.anchor =
                new Anchor(
                    id,
                    row.getString("name"),
                    List.of((String[]) row.getArray("purposes").getArray()),
                    CertificateMapping.of(row.getString("mapping")).orElseThrow(),
                    row.getString("evidence").equals("registry"),
                    MissingEvidence.of(row.getString("missing_evidence")).orElseThrow());
          }
        }
      }
    }
    return path;
  }

  private static List<Candidate> candidates(Connection connection, List<String> identifiers)
      throws SQLException {
    List<Candidate> found = new ArrayList<>();
    if (identifiers.isEmpty()) {
      return found;
    }
    try (var statement = connection.prepareStatement(DEVICES)) {
      statement.setArray(1, connection.createArrayOf("text", identifiers.toArray()));
      try (var row = statement.executeQuery()) {
        while (row.next()) {
          found.add(
              new Candidate(
                  new DeviceId(row.getObject("id", UUID.class)),
                  row.getString("name"),
                  DeviceKind.of(row.getString("kind")).orElseThrow(),
                  DeviceState.of(row.getString("state")).orElseThrow(),
                  row.getLong("version")));
        }
      }
    }
    return found;
  }

  private static byte[] thumbprint(X509Certificate certificate) {
    try {
      return CertificateThumbprint.ofDer(certificate.getEncoded()).bytes();
    } catch (CertificateEncodingException e) {
      throw new IllegalArgumentException("a validated certificate has its encoding", e);
    }
  }

  private <T> T withConnection(Query<T> query) throws StoreUnavailableException {
    boolean entered = false;
    try {
      entered = readers.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS);
      if (!entered) {
        throw new StoreUnavailableException(Cause.OVERLOADED, null);
      }
      try (Connection connection = dataSource.getConnection()) {
        return query.run(connection);
      }
    } catch (SQLException e) {
      throw new StoreUnavailableException(Cause.STORE_UNAVAILABLE, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StoreUnavailableException(Cause.OVERLOADED, e);
    } finally {
      if (entered) {
        readers.release();
      }
    }
  }

  private interface Query<T> {
    T run(Connection connection) throws SQLException;
  }
}
