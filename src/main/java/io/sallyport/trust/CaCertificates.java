package io.sallyport.trust;

import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.security.auth.x500.X500Principal;
import javax.sql.DataSource;

/**
 * The table of CA certificates: anchors and the intermediates below them. Its methods join the
 * caller's transaction or open one. A replica sees a change once its {@link TrustStore} is
 * reloaded.
 */
@ApplicationScoped
public class CaCertificates {

  private static final String INSERT =
      """
      insert into ca_certificate
        (id, thumbprint, role, state, source, subject, not_before, not_after, der, created_at, changed_at)
      values (?, ?, ?, 'trusted', ?, ?, ?, ?, ?, ?, ?)
      on conflict (thumbprint) do nothing
      """;

  private static final String FIND =
      "select id, role, state, source from ca_certificate where thumbprint = ?";

  private static final String MAKE_ANCHOR =
      """
      update ca_certificate set role = 'anchor', state = 'trusted', source = ?, changed_at = ?
      where id = ? and state <> 'revoked'
      """;

  private static final String REMOVE_UNLISTED =
      """
      update ca_certificate set state = 'removed', changed_at = ?
      where source = 'file' and role = 'anchor' and state = 'trusted' and not (thumbprint = any (?))
      returning id
      """;

  private final DataSource dataSource;
  private final ChangeLog changes;
  private final Uuids uuids;
  private final Clock clock;

  public CaCertificates(DataSource dataSource, ChangeLog changes, Uuids uuids, Clock clock) {
    this.dataSource = dataSource;
    this.changes = changes;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * The id of an intermediate of a {@link ValidatedChain}, which becomes known by this if it was
   * not. An anchor keeps its role.
   *
   * <p>Appends nothing to the feed: it is called in the middle of a registration, whose own change
   * comes last, and a replica that doesn't know the intermediate yet recognises the registered
   * certificate all the same.
   *
   * @throws ProblemException (conflict) if the certificate was removed or revoked since the chain
   *     was validated
   */
  @Transactional
  public UUID ensureIntermediate(X509Certificate intermediate) {
    try (Connection connection = dataSource.getConnection()) {
      Optional<UUID> inserted =
          insert(connection, intermediate, "intermediate", CaSource.PRESENTED);
      return inserted.isPresent() ? inserted.get() : requireTrusted(find(connection, intermediate));
    } catch (SQLException e) {
      throw new IllegalStateException("an intermediate could not be stored", e);
    }
  }

  /**
   * The ids of these CA certificates, in the same order, as a certificate's row stores its path.
   *
   * @throws ProblemException (conflict) if one is not in the table or not trusted any more
   */
  @Transactional
  public List<UUID> idsOf(List<X509Certificate> issuers) {
    try (Connection connection = dataSource.getConnection()) {
      List<UUID> ids = new ArrayList<>();
      for (X509Certificate issuer : issuers) {
        ids.add(requireTrusted(find(connection, issuer)));
      }
      return List.copyOf(ids);
    } catch (SQLException e) {
      throw new IllegalStateException("CA certificates could not be looked up", e);
    }
  }

  /**
   * Trusts {@code anchor}. One that is trusted as an anchor already keeps its source; one that was
   * removed is trusted again under {@code source}, and a known intermediate becomes an anchor.
   *
   * @return its id
   * @throws IllegalArgumentException if it is not a CA certificate
   * @throws ProblemException (conflict) if it was revoked: that is for ever
   */
  @Transactional
  public UUID addAnchor(X509Certificate anchor, CaSource source) {
    requireCa(anchor);
    UUID id;
    try (Connection connection = dataSource.getConnection()) {
      Optional<UUID> inserted = insert(connection, anchor, "anchor", source);
      if (inserted.isPresent()) {
        id = inserted.get();
      } else {
        Row row = find(connection, anchor).orElseThrow();
        if (row.isTrustedAnchor()) {
          if (source == CaSource.AUTHORITY) {
            AnchorRows.ensure(connection, row.id(), anchor, source, null, now());
          }
          return row.id();
        }
        id = row.id();
        if (!makeAnchor(connection, id, source)) {
          throw new ProblemException(
              Problem.conflict("this CA certificate was revoked and can't be trusted again"));
        }
      }
      AnchorRows.ensure(connection, id, anchor, source, null, now());
    } catch (SQLException e) {
      throw new IllegalStateException("an anchor could not be stored", e);
    }
    changes.append(ChangeKind.TRUST, id.toString());
    return id;
  }

  /**
   * Trusts {@code anchor}, which must not be an anchor yet; leaves the change feed to the caller.
   *
   * @return its id
   * @throws ProblemException (conflict) if it is trusted as an anchor already, or was revoked
   */
  @Transactional
  UUID becomeAnchor(X509Certificate anchor, CaSource source) {
    try (Connection connection = dataSource.getConnection()) {
      Optional<UUID> inserted = insert(connection, anchor, "anchor", source);
      if (inserted.isEmpty()) {
        Row row = find(connection, anchor).orElseThrow();
        if (row.isTrustedAnchor()) {
          throw new ProblemException(
              Problem.conflict(
                  "this certificate is a trust anchor already, with the id %s and of source %s"
                      .formatted(row.id(), row.source())));
        }
        if (!makeAnchor(connection, row.id(), source)) {
          throw new ProblemException(
              Problem.conflict("this CA certificate was revoked and can't be trusted again"));
        }
        inserted = Optional.of(row.id());
      }
      AnchorRows.ensure(connection, inserted.get(), anchor, source, null, now());
      return inserted.get();
    } catch (SQLException e) {
      throw new IllegalStateException("an anchor could not be stored", e);
    }
  }

  /**
   * Makes the anchors of source {@code file} those listed: missing ones are inserted, ones that are
   * no longer listed become {@code removed} (and with them falls what they vouched for), listed
   * ones that were removed are trusted again. An intermediate that was merely presented becomes an
   * anchor of the file when it is listed, and is barred, not an intermediate again, when it is
   * listed no longer. Rows of Sallyport's own authority and revoked ones are never touched.
   *
   * @param missingEvidence what holds for all anchors of the file
   * @throws IllegalArgumentException if one is not a CA certificate; nothing is changed then
   */
  @Transactional
  public AnchorSync syncFileAnchors(List<X509Certificate> listed, MissingEvidence missingEvidence) {
    listed.forEach(CaCertificates::requireCa);
    List<UUID> trusted = new ArrayList<>();
    List<UUID> removed = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    try (Connection connection = dataSource.getConnection()) {
      for (X509Certificate anchor : listed) {
        Optional<UUID> inserted = insert(connection, anchor, "anchor", CaSource.FILE);
        if (inserted.isPresent()) {
          AnchorRows.ensure(
              connection, inserted.get(), anchor, CaSource.FILE, missingEvidence, now());
          trusted.add(inserted.get());
          continue;
        }
        Row row = find(connection, anchor).orElseThrow();
        if (row.isTrustedAnchor()) {
          if (row.source().equals(CaSource.FILE.column())) {
            AnchorRows.ensure(connection, row.id(), anchor, CaSource.FILE, missingEvidence, now());
          }
          continue;
        }
        if (row.mayBecomeFileAnchor() && makeAnchor(connection, row.id(), CaSource.FILE)) {
          AnchorRows.reset(connection, row.id());
          AnchorRows.ensure(connection, row.id(), anchor, CaSource.FILE, missingEvidence, now());
          trusted.add(row.id());
        } else {
          refused.add(thumbprint(anchor).hex());
        }
      }
      try (var statement = connection.prepareStatement(REMOVE_UNLISTED)) {
        statement.setTimestamp(1, now());
        statement.setArray(
            2,
            connection.createArrayOf(
                "bytea",
                listed.stream().map(anchor -> thumbprint(anchor).bytes()).toArray(byte[][]::new)));
        try (ResultSet rows = statement.executeQuery()) {
          while (rows.next()) {
            removed.add(rows.getObject("id", UUID.class));
          }
        }
      }
      AnchorRows.takeAway(connection, removed);
    } catch (SQLException e) {
      throw new IllegalStateException("the anchors of the file could not be stored", e);
    }
    trusted.forEach(id -> changes.append(ChangeKind.TRUST, id.toString()));
    removed.forEach(id -> changes.append(ChangeKind.TRUST, id.toString()));
    removed.forEach(id -> changes.append(ChangeKind.ANCHOR, id.toString()));
    return new AnchorSync(trusted, removed, refused);
  }

  private record Row(UUID id, String role, String state, String source) {

    boolean isTrusted() {
      return state.equals("trusted");
    }

    boolean isTrustedAnchor() {
      return isTrusted() && role.equals("anchor");
    }

    boolean mayBecomeFileAnchor() {
      return (source.equals(CaSource.FILE.column()) || source.equals(CaSource.API.column()))
              && state.equals("removed")
          || source.equals(CaSource.PRESENTED.column()) && isTrusted();
    }
  }

  private Optional<UUID> insert(
      Connection connection, X509Certificate certificate, String role, CaSource source)
      throws SQLException {
    UUID id = uuids.next();
    try (var statement = connection.prepareStatement(INSERT)) {
      statement.setObject(1, id);
      statement.setBytes(2, thumbprint(certificate).bytes());
      statement.setString(3, role);
      statement.setString(4, source.column());
      statement.setString(5, certificate.getSubjectX500Principal().getName(X500Principal.RFC2253));
      statement.setTimestamp(6, Timestamp.from(certificate.getNotBefore().toInstant()));
      statement.setTimestamp(7, Timestamp.from(certificate.getNotAfter().toInstant()));
      statement.setBytes(8, der(certificate));
      statement.setTimestamp(9, now());
      statement.setTimestamp(10, now());
      return statement.executeUpdate() == 1 ? Optional.of(id) : Optional.empty();
    }
  }

  private static Optional<Row> find(Connection connection, X509Certificate certificate)
      throws SQLException {
    try (var statement = connection.prepareStatement(FIND)) {
      statement.setBytes(1, thumbprint(certificate).bytes());
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next()
            ? Optional.of(
                new Row(
                    rows.getObject("id", UUID.class),
                    rows.getString("role"),
                    rows.getString("state"),
                    rows.getString("source")))
            : Optional.empty();
      }
    }
  }

  private boolean makeAnchor(Connection connection, UUID id, CaSource source) throws SQLException {
    try (var statement = connection.prepareStatement(MAKE_ANCHOR)) {
      statement.setString(1, source.column());
      statement.setTimestamp(2, now());
      statement.setObject(3, id);
      return statement.executeUpdate() == 1;
    }
  }

  private static UUID requireTrusted(Optional<Row> row) {
    return row.filter(Row::isTrusted)
        .map(Row::id)
        .orElseThrow(
            () ->
                new ProblemException(
                    Problem.conflict("a CA certificate of the path is not trusted any more")));
  }

  private static void requireCa(X509Certificate certificate) {
    if (certificate.getBasicConstraints() < 0) {
      throw new IllegalArgumentException("not a CA certificate: " + thumbprint(certificate));
    }
  }

  private static CertificateThumbprint thumbprint(X509Certificate certificate) {
    return CertificateThumbprint.ofDer(der(certificate));
  }

  static byte[] der(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalArgumentException("a certificate without an encoding", e);
    }
  }

  private Timestamp now() {
    return Timestamp.from(clock.instant());
  }
}
