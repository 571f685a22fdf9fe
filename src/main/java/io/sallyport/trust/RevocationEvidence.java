package io.sallyport.trust;

import java.net.URI;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/**
 * What the issuers of outside CAs say of a chain, read from the primary database at every question
 * and never cached in memory, so that a list bites on every replica from its commit on.
 */
public class RevocationEvidence {

  // A CA with thousands of distribution points has as many lists; only those that the chain names
  // are looked into, besides what operators gave and the deltas.
  private static final String LISTS =
      """
      select q.position, %s
      from unnest(?::bytea[], ?::bytea[]) with ordinality as q (issuer_key, serial, position)
      join crl_source s on s.anchor = ? and s.issuer_key = q.issuer_key and s.generation is not null
        and (s.origin <> 'distributionPoint' or s.base_number is not null or s.url = any (?))
      left join lateral (
        select reason, revoked_at from crl_entry
        where generation = s.generation and serial = q.serial
        order by reason = 8, revoked_at limit 1) e on true
      """
          .formatted(ListInForce.COLUMNS);

  private final DataSource dataSource;

  public RevocationEvidence(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * The verdict on a chain at a moment. Any certificate revoked makes the chain revoked; else any
   * unknown makes it unknown.
   *
   * @throws SQLException if the database can't be asked; nothing is known then
   */
  public EvidenceVerdict of(EvidenceQuestion question, Instant at) throws SQLException {
    Map<Integer, List<ListInForce>> lists = lists(question);
    List<EvidenceItem> items = new ArrayList<>();
    String unknown = null;
    EvidenceVerdict.Revoked revoked = null;
    for (int i = 0; i < question.subjects().size(); i++) {
      switch (ListsVerdict.of(
          question.subjects().get(i), i > 0, lists.getOrDefault(i, List.of()), at)) {
        case EvidenceVerdict.Good good -> items.addAll(good.items());
        case EvidenceVerdict.Revoked found -> revoked = revoked == null ? found : revoked;
        case EvidenceVerdict.Unknown missing -> {
          items.addAll(missing.items());
          unknown = unknown == null ? missing.cause() : unknown;
        }
      }
    }
    if (revoked != null) {
      return revoked;
    }
    return unknown == null
        ? new EvidenceVerdict.Good(items)
        : new EvidenceVerdict.Unknown(unknown, items);
  }

  private Map<Integer, List<ListInForce>> lists(EvidenceQuestion question) throws SQLException {
    Map<Integer, List<ListInForce>> lists = new HashMap<>();
    List<EvidenceQuestion.Subject> subjects = question.subjects();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(LISTS)) {
      statement.setArray(
          1,
          connection.createArrayOf(
              "bytea",
              subjects.stream().map(subject -> subject.name().issuerKey()).toArray(byte[][]::new)));
      statement.setArray(
          2,
          connection.createArrayOf(
              "bytea",
              subjects.stream()
                  .map(subject -> SerialBytes.ofHex(subject.name().serial()))
                  .toArray(byte[][]::new)));
      statement.setObject(3, question.anchor());
      statement.setArray(
          4,
          connection.createArrayOf(
              "text",
              subjects.stream()
                  .flatMap(subject -> subject.crlPoints().stream())
                  .map(URI::toString)
                  .toArray(String[]::new)));
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          lists
              .computeIfAbsent(rows.getInt("position") - 1, position -> new ArrayList<>())
              .add(ListInForce.read(rows));
        }
      }
    }
    return lists;
  }
}
