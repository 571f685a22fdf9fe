package io.sallyport.trust;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * All that keeps the evidence of outside CAs: what decisions ask, what a clockwork calls, and what
 * operators do. The methods for the clockwork may be called on every replica and at any time; work
 * is shared between the replicas by the database.
 */
public final class OutsideEvidence {

  private static final Logger LOG = Logger.getLogger(OutsideEvidence.class);

  private final EvidenceSettings settings;
  private final CrlSources sources;
  private final LearnSources learn;
  private final TakeList take;
  private final FetchLists fetch;
  private final Generations generations;
  private final OcspAnswers answers;
  private final ListedCertificates listed;
  private final AnchorHealths healths;
  private final AnchorWatch watch;
  private final RevocationEvidence evidence;
  private final DraftLists drafts;
  private final Uuids uuids;
  private final Clock clock;

  public OutsideEvidence(
      DataSource dataSource,
      EvidenceSettings settings,
      GuardedFetch guarded,
      PutListInForce put,
      ListedCertificates listed,
      CaCertificates caCertificates,
      Uuids uuids,
      Clock clock,
      SecureRandom random,
      MeterRegistry metrics) {
    this.settings = settings;
    this.listed = listed;
    this.uuids = uuids;
    this.clock = clock;
    this.sources = new CrlSources(dataSource, uuids, clock);
    this.learn = new LearnSources(dataSource, sources, caCertificates);
    this.take =
        new TakeList(
            sources,
            new CasUnderAnchor(dataSource),
            new CrlEntryCopy(dataSource, clock),
            put,
            clock);
    this.drafts = new DraftLists(dataSource, settings.folder(), take, put);
    this.fetch = new FetchLists(settings, sources, take, guarded, clock, random);
    this.generations = new Generations(dataSource, clock);
    this.answers = new OcspAnswers(dataSource, clock);
    UnknownVerdicts unknowns = new UnknownVerdicts();
    ReadTurns turns = new ReadTurns(settings.readPatience());
    this.healths = new AnchorHealths(dataSource, unknowns, clock);
    this.watch = new AnchorWatch(healths, metrics);
    this.evidence =
        new StoredEvidence(
            dataSource,
            learn,
            answers,
            new AskResponders(settings, guarded, answers, listed, turns, clock, random),
            settings,
            unknowns,
            turns);
  }

  /** What decisions ask. */
  public RevocationEvidence evidence() {
    return evidence;
  }

  /** What reads lists that are only considered. */
  public DraftLists drafts() {
    return drafts;
  }

  /** What many chains are judged by at once, from the snapshot of a reader of his own. */
  public EvidenceAtRest atRest() {
    return new EvidenceAtRest(settings.ocspRefresh());
  }

  /** What registrations and changes of anchors are told to. */
  public LearnSources learned() {
    return learn;
  }

  /** Fetches every list that is due; several threads may do so at once. */
  public void fetchDue() throws SQLException {
    while (fetch.fetchNext()) {
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
    }
  }

  /** Learns new places, cuts off what was listed newly, and looks at the anchors. */
  public void keep() throws SQLException {
    learn.learn();
    sources.learnConfigured();
    while (listed.cutOffNext() > 0) {
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
    }
    watch.look();
  }

  /** Drops what is not needed any more, in pieces. */
  public void tidy() throws SQLException {
    while (generations.dropPiece() || answers.forget() > 0) {
      if (Thread.currentThread().isInterrupted()) {
        return;
      }
    }
  }

  /**
   * The health of one anchor.
   *
   * @throws ProblemException 404 if it is no anchor whose issuers are asked
   */
  public AnchorHealth health(UUID anchor) throws SQLException {
    return healths.of(anchor).orElseThrow(OutsideEvidence::noAnchor);
  }

  /**
   * Has every list of an anchor fetched at once.
   *
   * @return how many
   * @throws ProblemException 404 if it is no anchor whose issuers are asked
   */
  public int refresh(UUID anchor) throws SQLException {
    if (!sources.isAsked(anchor)) {
      throw noAnchor();
    }
    learn.anchorsChanged();
    return sources.soon(anchor);
  }

  /**
   * Takes a list that an operator has, DER or PEM, of any CA under the anchor; it follows the one
   * uploaded before for the same issuer and scope. On return it is in force.
   *
   * @return the health of the anchor with it
   * @throws ProblemException 404 if it is no anchor whose issuers are asked; 413 if the list is too
   *     large, 422 if it is not taken for another reason, with the code of {@link CrlFault} in
   *     {@code reasons}
   */
  public AnchorHealth upload(UUID anchor, InputStream body, String actor, String actorSource)
      throws IOException, SQLException {
    if (!sources.isAsked(anchor)) {
      throw noAnchor();
    }
    Path file = Files.createTempFile(settings.folder(), "upload", ".crl");
    Path decoded = Files.createTempFile(settings.folder(), "upload", ".der");
    try {
      copy(body, file);
      Path der = ListFile.der(file, decoded);
      try (CrlFile list = CrlFile.open(der)) {
        upload(anchor, list, sha256(der), actor, actorSource);
      }
    } catch (CrlRefused e) {
      LOG.warnf("%s: an uploaded list was not taken: %s", e.fault().code(), e.getMessage());
      throw refused(e);
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(decoded);
    }
    return health(anchor);
  }

  private void upload(UUID anchor, CrlFile list, byte[] sha256, String actor, String actorSource)
      throws IOException, SQLException, CrlRefused {
    TakeList.Verified verified = take.verify(anchor, list);
    CrlFacts facts = list.facts();
    CrlSource source =
        sources
            .uploaded(anchor, place(facts, verified.signerKeyId()), facts.isDelta())
            .orElseThrow(OutsideEvidence::noAnchor);
    take.take(
        source,
        verified,
        sha256,
        null,
        new ChangeRecord(
            uuids.next(),
            clock.instant(),
            "crl.upload",
            actor,
            actorSource,
            null,
            null,
            Map.of(),
            Map.of(
                "anchor", anchor.toString(),
                "issuer", facts.issuerName(),
                "number", facts.number() == null ? "none" : facts.number().toString(),
                "thisUpdate", facts.thisUpdate().toString(),
                "sha256", HexFormat.of().formatHex(sha256))));
  }

  /** What an operator is told whose list can't be used. */
  static ProblemException refused(CrlRefused why) {
    return new ProblemException(
        new Problem(
            "crl_refused",
            "This list can't be used",
            why.fault() == CrlFault.CRL_TOO_LARGE ? 413 : 422,
            why.getMessage(),
            List.of(why.fault().code()),
            null,
            List.of()));
  }

  // One place for each issuer, key and scope, so that a list follows its own kind only.
  static String place(CrlFacts facts, String signerKeyId) {
    return "upload:"
        + HexFormat.of().formatHex(facts.issuerKey(), 0, 8)
        + (signerKeyId == null ? "" : ":" + signerKeyId)
        + (facts.isDelta() ? ":delta" : "")
        + (facts.onlyUserCerts() ? ":users" : "")
        + (facts.onlyCaCerts() ? ":cas" : "")
        + (facts.points().isEmpty() ? "" : ":" + String.join(",", facts.points()));
  }

  private void copy(InputStream body, Path file) throws IOException, CrlRefused {
    byte[] buffer = new byte[64 * 1024];
    long left = settings.maxListBytes();
    try (OutputStream out = Files.newOutputStream(file)) {
      for (int read = body.read(buffer); read >= 0; read = body.read(buffer)) {
        left -= read;
        if (left < 0) {
          throw new CrlRefused(
              CrlFault.CRL_TOO_LARGE, "longer than " + settings.maxListBytes() + " bytes");
        }
        out.write(buffer, 0, read);
      }
    }
  }

  private static byte[] sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[64 * 1024];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  static ProblemException noAnchor() {
    return new ProblemException(
        Problem.notFound("no trusted anchor of this id has its issuers asked about revocation"));
  }
}
