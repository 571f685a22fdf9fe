package io.sallyport.trust;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Swaps one list for the next, in one transaction: from its commit on every replica looks into the
 * new one, and what it names newly is on its way out.
 */
@ApplicationScoped
public class PutListInForce {

  // A certificate that finds its device by the anchor's mapping is registered under a share of this
  // lock: either it is there when the list is met with our certificates, or it is judged by the
  // list.
  private static final String LOCK_ANCHOR =
      "select 1 from trust_anchor where id = ? for no key update";

  private static final String LOCK =
      """
      select generation, delta, leased_by, issuer_key, number, base_number, this_update
      from crl_source where id = ? for no key update
      """;

  // A delta needs a complete list of the same scope that reaches up to where it begins.
  private static final String BASE =
      """
      select 1 from crl_source
      where anchor = ? and issuer_key = ? and generation is not null and base_number is null
        and number >= ? and points = ? and only_user_certs = ? and only_ca_certs = ?
      limit 1
      """;

  private static final String PUT =
      """
      update crl_source set generation = ?, issuer = ?, issuer_key = ?, signer_key_id = ?, number = ?, base_number = ?,
        this_update = ?, next_update = ?, entries = ?, points = ?, only_user_certs = ?, only_ca_certs = ?, freshest = ?,
        sha256 = ?, loaded_at = ?, failures = 0, failure = null, failure_detail = null, failing_since = null
      where id = ?
      """;

  // A load that was taken for abandoned may have lost entries already.
  private static final String CURRENT =
      "update crl_generation set state = 'current', changed_at = ? where id = ? and state = 'loading'";

  private static final String RETIRE =
      "update crl_generation set state = 'retired', changed_at = ? where id = ?";

  // Deltas wait for their base; when it changes they are worth another look.
  private static final String WAKE_DELTAS =
      """
      update crl_source set next_fetch_at = least(next_fetch_at, ?)
      where anchor = ? and delta and (issuer_key is null or issuer_key = ?) and next_fetch_at is not null
      """;

  /** A list that was verified, and whose entries are written. */
  record NewList(
      CrlSource source,
      CrlFacts facts,
      String signerKeyId,
      CrlEntryCopy.Loaded loaded,
      byte[] sha256) {}

  private final DataSource dataSource;
  private final ListedCertificates listed;
  private final AuditLog audit;
  private final ChangeLog changes;
  private final Clock clock;

  public PutListInForce(
      DataSource dataSource,
      ListedCertificates listed,
      AuditLog audit,
      ChangeLog changes,
      Clock clock) {
    this.dataSource = dataSource;
    this.listed = listed;
    this.audit = audit;
    this.changes = changes;
    this.clock = clock;
  }

  /**
   * Checks the list against the one in force, without changing anything.
   *
   * @throws CrlRefused if it may not follow it
   */
  @Transactional(rollbackOn = Exception.class)
  void check(CrlSource source, CrlFacts facts) throws SQLException, CrlRefused {
    try (Connection connection = dataSource.getConnection()) {
      lock(connection, source, facts, null);
    }
  }

  /**
   * Checks a list that nobody has put anywhere yet.
   *
   * @param source where it would be kept, if anything was kept there before
   * @throws CrlRefused if it may not follow what is in force
   */
  @Transactional(rollbackOn = Exception.class)
  void checkDraft(UUID anchor, Optional<CrlSource> source, CrlFacts facts)
      throws SQLException, CrlRefused {
    if (source.isPresent()) {
      check(source.get(), facts);
    } else if (facts.isDelta()) {
      try (Connection connection = dataSource.getConnection()) {
        requireBase(connection, anchor, facts);
      }
    }
  }

  /**
   * Puts the list in force.
   *
   * @param holder who fetches the source, or null for an upload; a fetcher whose lease went to
   *     another replica changes nothing
   * @param change the operator's act to record, or null
   * @throws CrlRefused if it may not follow the one in force
   */
  @Transactional(rollbackOn = Exception.class)
  void put(NewList list, String holder, List<CasUnderAnchor.Ca> under, ChangeRecord change)
      throws SQLException, CrlRefused {
    UUID anchor = list.source().anchor();
    List<UUID> revokedCas;
    try (Connection connection = dataSource.getConnection()) {
      try (var statement = connection.prepareStatement(LOCK_ANCHOR)) {
        statement.setObject(1, anchor);
        statement.execute();
      }
      Long old = lock(connection, list.source(), list.facts(), holder);
      if (change(connection, CURRENT, list.loaded().generation()) != 1) {
        throw new CrlRefused(
            CrlFault.CRL_UNREACHABLE, "its entries took so long to write that they were dropped");
      }
      listed.note(connection, list);
      revokedCas = listed.revokeCas(connection, list, under);
      write(connection, list);
      if (old != null) {
        change(connection, RETIRE, old);
      }
      if (!list.facts().isDelta()) {
        try (var statement = connection.prepareStatement(WAKE_DELTAS)) {
          statement.setTimestamp(1, now());
          statement.setObject(2, anchor);
          statement.setBytes(3, list.facts().issuerKey());
          statement.executeUpdate();
        }
      }
      if (change != null) {
        audit.appendChange(change);
      }
      // Last, since it appends to the feed. A long list is cut off in further transactions.
      listed.cutOffBatch(connection);
    }
    revokedCas.forEach(id -> changes.append(ChangeKind.TRUST, id.toString()));
  }

  private Long lock(Connection connection, CrlSource source, CrlFacts facts, String holder)
      throws SQLException, CrlRefused {
    try (var statement = connection.prepareStatement(LOCK)) {
      statement.setObject(1, source.id());
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new CrlRefused(CrlFault.CRL_SCOPE, "its place is no longer known");
        }
        if (holder != null && !holder.equals(row.getString("leased_by"))) {
          throw new CrlRefused(CrlFault.CRL_UNREACHABLE, "another replica fetches from there now");
        }
        Boolean delta = row.getObject("delta", Boolean.class);
        if (delta != null && delta != facts.isDelta()) {
          throw new CrlRefused(
              CrlFault.CRL_SCOPE,
              delta
                  ? "a complete list where a delta is due"
                  : "a delta where a complete list is due");
        }
        if (facts.isDelta()) {
          requireBase(connection, source.anchor(), facts);
        }
        if (row.getObject("generation") == null) {
          return null;
        }
        requireForward(row, facts);
        return row.getLong("generation");
      }
    }
  }

  private static void requireForward(ResultSet row, CrlFacts facts)
      throws SQLException, CrlRefused {
    if (!Arrays.equals(row.getBytes("issuer_key"), facts.issuerKey())) {
      throw new CrlRefused(CrlFault.CRL_SCOPE, "the list in force from there is of another issuer");
    }
    if ((row.getObject("base_number") != null) != facts.isDelta()) {
      throw new CrlRefused(
          CrlFault.CRL_SCOPE,
          facts.isDelta()
              ? "a delta where a complete list was"
              : "a complete list where a delta was");
    }
    BigDecimal number = row.getBigDecimal("number");
    if (number != null
        && (facts.number() == null || new BigDecimal(facts.number()).compareTo(number) < 0)) {
      throw new CrlRefused(
          CrlFault.CRL_BACKWARDS,
          "its number is %s where the list in force has %s"
              .formatted(facts.number(), number.toPlainString()));
    }
    if (facts.thisUpdate().isBefore(row.getTimestamp("this_update").toInstant())) {
      throw new CrlRefused(
          CrlFault.CRL_BACKWARDS,
          "its thisUpdate is %s where the list in force has %s"
              .formatted(facts.thisUpdate(), row.getTimestamp("this_update").toInstant()));
    }
  }

  private static void requireBase(Connection connection, UUID anchor, CrlFacts facts)
      throws SQLException, CrlRefused {
    try (var statement = connection.prepareStatement(BASE)) {
      statement.setObject(1, anchor);
      statement.setBytes(2, facts.issuerKey());
      statement.setBigDecimal(3, new BigDecimal(facts.baseNumber()));
      statement.setArray(4, connection.createArrayOf("text", facts.points().toArray()));
      statement.setBoolean(5, facts.onlyUserCerts());
      statement.setBoolean(6, facts.onlyCaCerts());
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new CrlRefused(
              CrlFault.CRL_DELTA_WITHOUT_BASE,
              "a delta to the list of number %s, which is not in force here"
                  .formatted(facts.baseNumber()));
        }
      }
    }
  }

  private void write(Connection connection, NewList list) throws SQLException {
    CrlFacts facts = list.facts();
    try (var statement = connection.prepareStatement(PUT)) {
      statement.setLong(1, list.loaded().generation());
      statement.setString(2, facts.issuerName());
      statement.setBytes(3, facts.issuerKey());
      statement.setString(4, list.signerKeyId());
      statement.setBigDecimal(5, facts.number() == null ? null : new BigDecimal(facts.number()));
      statement.setBigDecimal(
          6, facts.baseNumber() == null ? null : new BigDecimal(facts.baseNumber()));
      statement.setTimestamp(7, Timestamp.from(facts.thisUpdate()));
      statement.setTimestamp(8, Timestamp.from(facts.nextUpdate()));
      statement.setLong(9, list.loaded().entries());
      statement.setArray(10, connection.createArrayOf("text", facts.points().toArray()));
      statement.setBoolean(11, facts.onlyUserCerts());
      statement.setBoolean(12, facts.onlyCaCerts());
      statement.setArray(13, connection.createArrayOf("text", facts.freshest().toArray()));
      statement.setBytes(14, list.sha256());
      statement.setTimestamp(15, now());
      statement.setObject(16, list.source().id());
      statement.executeUpdate();
    }
  }

  private int change(Connection connection, String sql, long generation) throws SQLException {
    try (var statement = connection.prepareStatement(sql)) {
      statement.setTimestamp(1, now());
      statement.setLong(2, generation);
      return statement.executeUpdate();
    }
  }

  private Timestamp now() {
    return Timestamp.from(clock.instant());
  }
}
