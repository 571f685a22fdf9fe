package io.sallyport.trust;

import java.net.URI;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;

/**
 * Reads from the lists and answers in the database, and asks responders where an anchor says so.
 */
final class StoredEvidence implements RevocationEvidence {

  // A CA with thousands of distribution points has as many lists; only those that the chain names
  // are looked into, besides what operators gave and the deltas.
  private static final String LISTS =
      """
      select t.ocsp, t.ocsp_url, a.der as anchor_der, q.position, %s
      from trust_anchor t
      join ca_certificate a on a.id = t.id
      cross join unnest(?::bytea[], ?::bytea[]) with ordinality as q (issuer_key, serial, position)
      left join crl_source s on s.anchor = t.id and s.issuer_key = q.issuer_key and s.generation is not null
        and (s.origin <> 'distributionPoint' or s.base_number is not null or s.url = any (?))
      left join lateral (
        select reason, revoked_at from crl_entry
        where generation = s.generation and serial = q.serial
        order by reason = 8, revoked_at limit 1) e on true
      where t.id = ? and t.evidence = 'issuer'
      """
          .formatted(ListInForce.COLUMNS);

  // Says more than "missing" where a list came and was not taken.
  private static final String REFUSED =
      """
      select failure from crl_source
      where anchor = ? and generation is null and failure is not null
        and (origin = 'configured' or url = any (?))
      order by failing_since desc limit 1
      """;

  private record Anchor(String ocsp, String ocspUrl, byte[] der) {}

  private record Read(Anchor anchor, Map<Integer, List<ListInForce>> lists) {}

  private final DataSource dataSource;
  private final LearnSources learn;
  private final OcspAnswers answers;
  private final AskResponders responders;
  private final EvidenceSettings settings;
  private final UnknownVerdicts unknowns;
  private final ReadTurns turns;

  StoredEvidence(
      DataSource dataSource,
      LearnSources learn,
      OcspAnswers answers,
      AskResponders responders,
      EvidenceSettings settings,
      UnknownVerdicts unknowns,
      ReadTurns turns) {
    this.dataSource = dataSource;
    this.learn = learn;
    this.answers = answers;
    this.responders = responders;
    this.settings = settings;
    this.unknowns = unknowns;
    this.turns = turns;
  }

  @Override
  public EvidenceVerdict of(EvidenceQuestion question, Instant at) throws SQLException {
    learn.asked(question);
    Optional<Read> read = turns.take(() -> read(question));
    if (read.isEmpty()) {
      return new EvidenceVerdict.Unknown("anchor_unknown", List.of());
    }
    Anchor anchor = read.get().anchor();
    List<EvidenceVerdict> each = new ArrayList<>();
    for (int i = 0; i < question.subjects().size(); i++) {
      each.add(
          ListsVerdict.of(
              question.subjects().get(i),
              isCa(question.certificates().get(i)),
              read.get().lists().getOrDefault(i, List.of()),
              at));
    }
    if (!anchor.ocsp().equals("off")
        && each.stream().noneMatch(EvidenceVerdict.Revoked.class::isInstance)) {
      Map<Integer, OcspAnswer> kept = turns.take(() -> answers.of(question));
      new OcspVerdicts(
              question, anchor.ocsp(), settings.ocspRefresh(), at, asking(question, anchor))
          .into(each, kept);
    }
    EvidenceVerdict verdict = sum(question, each);
    if (!isBeingLearned(question, verdict)) {
      unknowns.note(question.anchor(), verdict, at);
    }
    return verdict;
  }

  // RFC 5280 section 6.3.3 (b) (2): by the certificate itself, whatever its place in the chain.
  static boolean isCa(X509Certificate certificate) {
    return certificate.getBasicConstraints() >= 0;
  }

  // The first certificate of a CA is asked about before its list can be here. If it never comes,
  // the place it should come from says so.
  private static boolean isBeingLearned(EvidenceQuestion question, EvidenceVerdict verdict) {
    return verdict instanceof EvidenceVerdict.Unknown unknown
        && unknown.cause().equals("crl_missing")
        && question.subjects().stream()
            .flatMap(subject -> subject.crlPoints().stream())
            .anyMatch(CrlSources::isFetchable);
  }

  private OcspVerdicts.Ask asking(EvidenceQuestion question, Anchor anchor) {
    long deadline = System.nanoTime() + settings.ocspTimeout().toNanos();
    return (i, cached) ->
        responders.ask(
            question.anchor(),
            question.subjects().get(i),
            question.certificates().get(i),
            i + 1 < question.certificates().size()
                ? question.certificates().get(i + 1)
                : CasUnderAnchor.parse(anchor.der()),
            anchor.ocspUrl(),
            cached != null && cached.isRevoked(),
            deadline);
  }

  private EvidenceVerdict sum(EvidenceQuestion question, List<EvidenceVerdict> each)
      throws SQLException {
    EvidenceVerdict sum = sum(each);
    return sum instanceof EvidenceVerdict.Unknown unknown && unknown.cause().equals("crl_missing")
        ? new EvidenceVerdict.Unknown(
            turns.take(() -> refusal(question)).orElse(unknown.cause()), unknown.items())
        : sum;
  }

  /** What the verdicts on a chain's certificates make of the chain. */
  static EvidenceVerdict sum(List<EvidenceVerdict> each) {
    List<EvidenceItem> items = new ArrayList<>();
    String unknown = null;
    EvidenceVerdict.Revoked revoked = null;
    for (EvidenceVerdict verdict : each) {
      switch (verdict) {
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

  private Optional<Read> read(EvidenceQuestion question) throws SQLException {
    Map<Integer, List<ListInForce>> lists = new HashMap<>();
    Anchor anchor = null;
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
      statement.setArray(3, connection.createArrayOf("text", points(question)));
      statement.setObject(4, question.anchor());
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          anchor =
              new Anchor(
                  rows.getString("ocsp"), rows.getString("ocsp_url"), rows.getBytes("anchor_der"));
          if (rows.getString("url") != null) {
            lists
                .computeIfAbsent(rows.getInt("position") - 1, position -> new ArrayList<>())
                .add(ListInForce.read(rows));
          }
        }
      }
    }
    return Optional.ofNullable(anchor).map(found -> new Read(found, lists));
  }

  private Optional<String> refusal(EvidenceQuestion question) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(REFUSED)) {
      statement.setObject(1, question.anchor());
      statement.setArray(2, connection.createArrayOf("text", points(question)));
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      }
    }
  }

  private static String[] points(EvidenceQuestion question) {
    return question.subjects().stream()
        .flatMap(subject -> subject.crlPoints().stream())
        .map(URI::toString)
        .toArray(String[]::new);
  }
}
