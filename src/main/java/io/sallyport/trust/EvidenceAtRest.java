package io.sallyport.trust;

import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * What the issuers of outside CAs say of many chains, as one reader's snapshot of the database has
 * it, and what they would say with a draft list in force. The verdicts are those of {@link
 * RevocationEvidence}, made by the same rules; but no responder is asked and nothing is remembered.
 */
public final class EvidenceAtRest {

  /**
   * What is known of one chain.
   *
   * @param unasked whether a decision would ask a responder whose answer is not in the database:
   *     the verdict is then what can be said without it
   */
  public record Seen(EvidenceVerdict verdict, boolean unasked) {}

  /** One chain as it is, and as it would be. */
  public record Pair(Seen today, Seen drafted) {}

  // As StoredEvidence reads for one chain.
  private static final String LISTS =
      """
      select q.position, t.ocsp, o.status, o.reason as ocsp_reason, o.revoked_at as ocsp_revoked_at, o.produced_at,
             o.this_update as ocsp_this_update, o.next_update as ocsp_next_update, o.asked_at, %s
      from unnest(?::uuid[], ?::bytea[], ?::bytea[], ?::text[], ?::text[])
        with ordinality as q (anchor, issuer_key, serial, hex, points, position)
      join trust_anchor t on t.id = q.anchor and t.evidence = 'issuer'
      left join ocsp_answer o
        on t.ocsp <> 'off' and o.anchor = t.id and o.issuer_key = q.issuer_key and o.serial = q.hex
      left join crl_source s on s.anchor = t.id and s.issuer_key = q.issuer_key and s.generation is not null
        and (s.origin <> 'distributionPoint' or s.base_number is not null
             or s.url = any (string_to_array(q.points, E'\\n')))
      left join lateral (
        select reason, revoked_at from crl_entry
        where generation = s.generation and serial = q.serial
        order by reason = 8, revoked_at limit 1) e on true
      """
          .formatted(ListInForce.COLUMNS);

  private final Duration ocspRefresh;

  /**
   * @param ocspRefresh how long a decision relies on an OCSP answer before it asks again
   */
  EvidenceAtRest(Duration ocspRefresh) {
    this.ocspRefresh = ocspRefresh;
  }

  /** One certificate under one anchor; many chains share their issuers. */
  private record Place(UUID anchor, EvidenceQuestion.Subject subject) {}

  private static final class Found {
    private String ocsp;
    private OcspAnswer answer;
    private final List<ListInForce> lists = new ArrayList<>();
  }

  /**
   * The verdicts on chains whose paths were validated, in the order of the questions.
   *
   * @param snapshot in whose transaction is read
   * @param drafts at most one for each anchor
   */
  public List<Pair> of(
      Connection snapshot, List<EvidenceQuestion> questions, List<DraftList> drafts, Instant at)
      throws SQLException {
    Map<Place, Found> found = read(snapshot, questions);
    List<Pair> pairs = new ArrayList<>(questions.size());
    for (EvidenceQuestion question : questions) {
      List<Found> today =
          question.subjects().stream()
              .map(subject -> found.get(new Place(question.anchor(), subject)))
              .toList();
      Seen seen = judge(question, today, null, at);
      DraftList draft =
          drafts.stream()
              .filter(each -> each.anchor().equals(question.anchor()))
              .findFirst()
              .orElse(null);
      pairs.add(new Pair(seen, draft == null ? seen : judge(question, today, draft, at)));
    }
    return pairs;
  }

  private Seen judge(EvidenceQuestion question, List<Found> found, DraftList draft, Instant at) {
    String ocsp = found.getFirst().ocsp;
    if (ocsp == null) {
      return new Seen(new EvidenceVerdict.Unknown("anchor_unknown", List.of()), false);
    }
    List<EvidenceVerdict> each = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      EvidenceQuestion.Subject subject = question.subjects().get(i);
      each.add(
          ListsVerdict.of(
              subject,
              StoredEvidence.isCa(question.certificates().get(i)),
              lists(found.get(i), subject, draft),
              at));
    }
    boolean[] unasked = new boolean[1];
    if (!ocsp.equals("off") && each.stream().noneMatch(EvidenceVerdict.Revoked.class::isInstance)) {
      Map<Integer, OcspAnswer> kept = new HashMap<>();
      for (int i = 0; i < found.size(); i++) {
        if (found.get(i).answer != null) {
          kept.put(i, found.get(i).answer);
        }
      }
      new OcspVerdicts(
              question,
              ocsp,
              ocspRefresh,
              at,
              (i, known) -> {
                unasked[0] |= known == null || !known.holds(at);
                throw new OcspFailure(OcspFault.OCSP_SILENT, "not asked");
              })
          .into(each, kept);
    }
    return new Seen(StoredEvidence.sum(each), unasked[0]);
  }

  private static List<ListInForce> lists(
      Found found, EvidenceQuestion.Subject subject, DraftList draft) {
    if (draft == null || !draft.isOfIssuer(subject.name().issuerKey())) {
      return found.lists;
    }
    List<ListInForce> lists = new ArrayList<>(found.lists);
    lists.removeIf(list -> list.url().equals(draft.place()));
    lists.add(draft.towards(subject));
    return lists;
  }

  private static Map<Place, Found> read(Connection snapshot, List<EvidenceQuestion> questions)
      throws SQLException {
    Map<Place, Found> found = new LinkedHashMap<>();
    for (EvidenceQuestion question : questions) {
      for (EvidenceQuestion.Subject subject : question.subjects()) {
        found.putIfAbsent(new Place(question.anchor(), subject), new Found());
      }
    }
    if (found.isEmpty()) {
      return found;
    }
    List<Place> places = List.copyOf(found.keySet());
    try (var statement = snapshot.prepareStatement(LISTS)) {
      statement.setArray(
          1, snapshot.createArrayOf("uuid", places.stream().map(Place::anchor).toArray()));
      statement.setArray(
          2,
          snapshot.createArrayOf(
              "bytea",
              places.stream()
                  .map(place -> place.subject().name().issuerKey())
                  .toArray(byte[][]::new)));
      statement.setArray(
          3,
          snapshot.createArrayOf(
              "bytea",
              places.stream()
                  .map(place -> SerialBytes.ofHex(place.subject().name().serial()))
                  .toArray(byte[][]::new)));
      statement.setArray(
          4,
          snapshot.createArrayOf(
              "text", places.stream().map(place -> place.subject().name().serial()).toArray()));
      statement.setArray(
          5,
          snapshot.createArrayOf(
              "text",
              places.stream()
                  .map(
                      place ->
                          String.join(
                              "\n",
                              place.subject().crlPoints().stream().map(URI::toString).toList()))
                  .toArray()));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          read(rows, found.get(places.get(rows.getInt("position") - 1)));
        }
      }
    }
    return found;
  }

  private static void read(ResultSet row, Found into) throws SQLException {
    into.ocsp = row.getString("ocsp");
    if (row.getString("status") != null) {
      into.answer =
          new OcspAnswer(
              row.getString("status"),
              row.getString("ocsp_reason"),
              instant(row, "ocsp_revoked_at"),
              instant(row, "produced_at"),
              instant(row, "ocsp_this_update"),
              instant(row, "ocsp_next_update"),
              instant(row, "asked_at"));
    }
    if (row.getString("url") != null) {
      into.lists.add(ListInForce.read(row));
    }
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    Timestamp timestamp = row.getTimestamp(column);
    return timestamp == null ? null : timestamp.toInstant();
  }
}
