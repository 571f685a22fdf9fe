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
      new ChainResponders(question, anchor.ocsp(), anchor.ocspUrl(), anchor.der(), at).ask(each);
    }
    EvidenceVerdict verdict = sum(question, each);
    if (!isBeingLearned(question, verdict)) {
      unknowns.note(question.anchor(), verdict, at);
    }
    return verdict;
  }

  // RFC 5280 section 6.3.3 (b) (2): by the certificate itself, whatever its place in the chain.
  private static boolean isCa(X509Certificate certificate) {
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

  private EvidenceVerdict sum(EvidenceQuestion question, List<EvidenceVerdict> each)
      throws SQLException {
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
    if (unknown == null) {
      return new EvidenceVerdict.Good(items);
    }
    return new EvidenceVerdict.Unknown(
        unknown.equals("crl_missing")
            ? turns.take(() -> refusal(question)).orElse(unknown)
            : unknown,
        items);
  }

  /** Asks the responders about those certificates that need it, within one deadline. */
  private final class ChainResponders {

    private final EvidenceQuestion question;
    private final boolean first;
    private final String url;
    private final byte[] anchorDer;
    private final Instant at;
    private final long deadline = System.nanoTime() + settings.ocspTimeout().toNanos();

    ChainResponders(
        EvidenceQuestion question, String use, String url, byte[] anchorDer, Instant at) {
      this.question = question;
      this.first = use.equals("first");
      this.url = url;
      this.anchorDer = anchorDer;
      this.at = at;
    }

    void ask(List<EvidenceVerdict> verdicts) throws SQLException {
      Map<Integer, OcspAnswer> kept = turns.take(() -> answers.of(question));
      for (int i = 0; i < verdicts.size(); i++) {
        OcspAnswer cached = kept.get(i);
        boolean good = verdicts.get(i) instanceof EvidenceVerdict.Good;
        if (first || !good) {
          verdicts.set(i, ask(i, verdicts.get(i), cached));
        } else if (cached != null && cached.isRevoked() && cached.holds(at)) {
          verdicts.set(i, revoked(i, cached));
        }
      }
    }

    private EvidenceVerdict ask(int i, EvidenceVerdict byLists, OcspAnswer cached) {
      try {
        OcspAnswer answer = current(i, cached);
        if (answer.isRevoked()) {
          return revoked(i, answer);
        }
        if (answer.isGood()) {
          return new EvidenceVerdict.Good(List.of(item(i, answer)));
        }
        return orUnknown(byLists, OcspFault.OCSP_UNKNOWN);
      } catch (OcspFailure e) {
        // That it was revoked is better known than nothing.
        return cached != null && cached.isRevoked()
            ? revoked(i, cached)
            : orUnknown(byLists, e.fault());
      }
    }

    private OcspAnswer current(int i, OcspAnswer cached) throws OcspFailure {
      boolean holds = cached != null && cached.holds(at);
      if (holds && at.isBefore(cached.askedAt().plus(settings.ocspRefresh()))) {
        return cached;
      }
      try {
        OcspAnswer answer =
            responders.ask(
                question.anchor(),
                question.subjects().get(i),
                question.certificates().get(i),
                issuer(i),
                url,
                cached != null && cached.isRevoked(),
                deadline);
        // Still valid, but overtaken: somebody on the way may play back what was true before.
        if (cached != null && answer.thisUpdate().isBefore(cached.thisUpdate())) {
          throw new OcspFailure(OcspFault.OCSP_STALE, "an answer older than the one known");
        }
        return answer;
      } catch (OcspFailure e) {
        if (holds) {
          return cached;
        }
        throw e;
      }
    }

    private X509Certificate issuer(int i) {
      return i + 1 < question.certificates().size()
          ? question.certificates().get(i + 1)
          : CasUnderAnchor.parse(anchorDer);
    }

    private EvidenceVerdict orUnknown(EvidenceVerdict byLists, OcspFault fault) {
      return byLists instanceof EvidenceVerdict.Unknown unknown
              && fault != OcspFault.OCSP_NO_RESPONDER
          ? new EvidenceVerdict.Unknown(fault.code(), unknown.items())
          : byLists;
    }

    private EvidenceVerdict revoked(int i, OcspAnswer answer) {
      return new EvidenceVerdict.Revoked(item(i, answer), answer.reason(), answer.revokedAt());
    }

    private EvidenceItem item(int i, OcspAnswer answer) {
      return answer.item(question.subjects().get(i).name().issuer());
    }
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
