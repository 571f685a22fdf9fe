package io.sallyport.trust;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.IssuerAndSerial;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * The registered certificates that a list names newly, kept in the database until what they hold is
 * ended, so that neither a crash nor their number loses one.
 */
@ApplicationScoped
public class ListedCertificates {

  // Entries of the new list that no list in force named before, met with our certificates. What a
  // delta in force has taken out of its base (8, removeFromCRL) may be in use, so it counts as not
  // named. The certificate table is another package's; it is only read, and only here.
  private static final String NOTE =
      """
      insert into crl_listed (thumbprint, anchor, evidence, reason, listed_at)
      select distinct on (c.thumbprint) c.thumbprint, ?, ?, e.reason::text, ?
      from certificate c
      join crl_entry e on e.generation = ? and e.serial = decode(repeat('0', length(c.serial) % 2) || c.serial, 'hex')
      where c.issuer_key = ? and c.path[cardinality(c.path)] = ? and c.serial !~ '^-' and e.reason <> 8
        and not exists (
          select from crl_source s join crl_entry o on o.generation = s.generation
          where s.anchor = ? and s.issuer_key = c.issuer_key and o.serial = e.serial
          having count(*) > 0 and bool_and(o.reason <> 8))
      on conflict (thumbprint) do nothing
      """;

  private static final String NAMED =
      "select reason from crl_entry where generation = ? and serial = ? and reason <> 8 limit 1";

  private static final String REVOKE_CA =
      "update ca_certificate set state = 'revoked', changed_at = ? where id = ? and state = 'trusted'";

  private static final String NOTE_BELOW =
      """
      insert into crl_listed (thumbprint, anchor, evidence, reason, listed_at)
      select thumbprint, ?, ?, ?, ? from certificate where path[cardinality(path)] = ? and ? = any (path)
      on conflict (thumbprint) do nothing
      """;

  private static final String NOTE_ONE =
      """
      insert into crl_listed (thumbprint, anchor, evidence, reason, listed_at)
      select thumbprint, ?, ?, ?, ? from certificate
      where issuer_key = ? and serial = ? and path[cardinality(path)] = ?
      on conflict (thumbprint) do nothing
      """;

  private static final String TAKE =
      """
      with taken as (
        delete from crl_listed where thumbprint = any (array(
          select thumbprint from crl_listed order by thumbprint limit %d for update skip locked))
        returning thumbprint, evidence, reason)
      select t.thumbprint, t.evidence, t.reason, c.issuer, c.serial
      from taken t join certificate c on c.thumbprint = t.thumbprint order by t.thumbprint
      """
          .formatted(NewlyListed.BATCH);

  private final DataSource dataSource;
  private final NewlyListed newlyListed;
  private final Clock clock;

  public ListedCertificates(DataSource dataSource, NewlyListed newlyListed, Clock clock) {
    this.dataSource = dataSource;
    this.newlyListed = newlyListed;
    this.clock = clock;
  }

  /** Notes what the list names newly; call it before the list is put in force. */
  void note(Connection connection, PutListInForce.NewList list) throws SQLException {
    UUID anchor = list.source().anchor();
    try (var statement = connection.prepareStatement(NOTE)) {
      statement.setObject(1, anchor);
      statement.setString(2, describe(list.facts()));
      statement.setTimestamp(3, now());
      statement.setLong(4, list.loaded().generation());
      statement.setBytes(5, list.facts().issuerKey());
      statement.setObject(6, anchor);
      statement.setObject(7, anchor);
      statement.executeUpdate();
    }
  }

  /** Notes one certificate that an OCSP responder calls revoked. */
  @Transactional
  void noteOcsp(UUID anchor, IssuerAndSerial name, String reason) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(NOTE_ONE)) {
      statement.setObject(1, anchor);
      statement.setString(2, "ocsp of " + name.issuer());
      statement.setString(3, reason);
      statement.setTimestamp(4, now());
      statement.setBytes(5, name.issuerKey());
      statement.setString(6, name.serial());
      statement.setObject(7, anchor);
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("a revoked certificate could not be noted", e);
    }
  }

  /**
   * Revokes the CA certificates that the list names, for ever, and notes all below them. One on
   * hold stays, and is refused while the list holds it.
   *
   * @return their ids
   */
  List<UUID> revokeCas(
      Connection connection, PutListInForce.NewList list, List<CasUnderAnchor.Ca> under)
      throws SQLException {
    List<UUID> revoked = new ArrayList<>();
    for (CasUnderAnchor.Ca ca : under) {
      IssuerAndSerial name = IssuerAndSerial.of(ca.certificate());
      boolean anchorItself = ca.id().equals(list.source().anchor());
      if (anchorItself || !isIssuer(list.facts(), name)) {
        continue;
      }
      Integer reason = reasonOf(connection, list.loaded().generation(), name);
      if (reason != null && revokesForEver(reason) && change(connection, ca.id()) == 1) {
        noteBelow(connection, list, ca.id(), reason);
        revoked.add(ca.id());
      }
    }
    return revoked;
  }

  /**
   * Cuts off the next batch in the transaction of {@code connection}.
   *
   * @return how many certificates were in it
   */
  int cutOffBatch(Connection connection) throws SQLException {
    List<NewlyListed.Listed> batch = new ArrayList<>();
    try (var statement = connection.prepareStatement(TAKE);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        batch.add(
            new NewlyListed.Listed(
                new IssuerAndSerial(rows.getString("issuer"), rows.getString("serial")),
                CertificateThumbprint.ofBytes(rows.getBytes("thumbprint")),
                rows.getString("evidence"),
                reason(rows.getString("reason"))));
      }
    }
    if (!batch.isEmpty()) {
      newlyListed.listed(connection, batch);
    }
    return batch.size();
  }

  /** The next batch, in a transaction of its own; returns how many certificates were in it. */
  @Transactional
  public int cutOffNext() {
    try (Connection connection = dataSource.getConnection()) {
      return cutOffBatch(connection);
    } catch (SQLException e) {
      throw new IllegalStateException("listed certificates could not be cut off", e);
    }
  }

  /** Whether the list speaks for this certificate's issuer. */
  static boolean isIssuer(CrlFacts facts, IssuerAndSerial certificate) {
    return Arrays.equals(certificate.issuerKey(), facts.issuerKey());
  }

  /** Whether an entry with this reason ends a CA certificate; one on hold may come back. */
  static boolean revokesForEver(int reason) {
    return reason != CrlReason.CERTIFICATE_HOLD.code()
        && reason != CrlReason.REMOVE_FROM_CRL.code();
  }

  private static String reason(String stored) {
    return Character.isDigit(stored.charAt(0)) ? CrlReason.wire(Integer.parseInt(stored)) : stored;
  }

  private void noteBelow(Connection connection, PutListInForce.NewList list, UUID ca, int reason)
      throws SQLException {
    try (var statement = connection.prepareStatement(NOTE_BELOW)) {
      statement.setObject(1, list.source().anchor());
      statement.setString(2, describe(list.facts()) + ", naming an intermediate");
      statement.setString(3, CrlReason.wire(reason));
      statement.setTimestamp(4, now());
      statement.setObject(5, list.source().anchor());
      statement.setObject(6, ca);
      statement.executeUpdate();
    }
  }

  private int change(Connection connection, UUID ca) throws SQLException {
    try (var statement = connection.prepareStatement(REVOKE_CA)) {
      statement.setTimestamp(1, now());
      statement.setObject(2, ca);
      return statement.executeUpdate();
    }
  }

  private static Integer reasonOf(Connection connection, long generation, IssuerAndSerial name)
      throws SQLException {
    try (var statement = connection.prepareStatement(NAMED)) {
      statement.setLong(1, generation);
      statement.setBytes(2, SerialBytes.ofHex(name.serial()));
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? row.getInt(1) : null;
      }
    }
  }

  private static String describe(CrlFacts facts) {
    return "crl %s of %s"
        .formatted(facts.number() == null ? "without number" : facts.number(), facts.issuerName());
  }

  private Timestamp now() {
    return Timestamp.from(clock.instant());
  }
}
