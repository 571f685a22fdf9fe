package io.sallyport.admission;

import io.sallyport.admission.Simulation.Difference;
import io.sallyport.admission.Simulation.Effect;
import io.sallyport.admission.Simulation.Summary;
import io.sallyport.admission.SimulationRequest.Change;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.policy.Policy;
import io.sallyport.registry.CertificateMac;
import io.sallyport.trust.DraftList;
import io.sallyport.trust.EvidenceAtRest;
import io.sallyport.trust.EvidenceAtRest.Pair;
import io.sallyport.trust.EvidenceQuestion;
import io.sallyport.trust.EvidenceVerdict;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/**
 * Answers who would be cut off and who let in by a change, before it is made: by the statement that
 * reads standings for decisions, the rules that judge them, and the compiled policy; so what is
 * told as today's answer is what a decision gives, and what is told of the change is what one gives
 * after it. Reads one snapshot of the database, in a transaction that can't write, some hundred
 * devices at a time. Opens nothing and leaves no record. It works on one connection and rests
 * between its batches, so that decisions don't feel it.
 */
public final class Simulator {

  private static final String BEGIN =
      "set transaction isolation level repeatable read, read only; set local statement_timeout = '4s'";

  private final DataSource dataSource;
  private final CertificateMac mac;
  private final Assessor assessor;
  private final PolicyCheck policies;
  private final EvidenceAtRest evidence;
  private final SimulationSettings settings;
  private final Clock clock;
  private final Semaphore places;

  public Simulator(
      DataSource dataSource,
      CertificateMac mac,
      Assessor assessor,
      PolicyCheck policies,
      EvidenceAtRest evidence,
      SimulationSettings settings,
      Clock clock) {
    this.dataSource = dataSource;
    this.mac = mac;
    this.assessor = assessor;
    this.policies = policies;
    this.evidence = evidence;
    this.settings = settings;
    this.clock = clock;
    this.places = new Semaphore(settings.atOnce());
  }

  /** A place for one simulation; closing it frees the place, whether it ran or not. */
  public final class Place implements AutoCloseable {

    private boolean open = true;
    private boolean running;

    private Place() {}

    /**
     * Runs the simulation.
     *
     * @throws IOException if the listener takes no more
     * @throws SQLException if the database can't be read
     * @throws StoreUnavailableException likewise, or if it took too long
     */
    public Summary run(SimulationRequest request, Simulation.Listener listener)
        throws IOException, SQLException, StoreUnavailableException {
      synchronized (this) {
        if (!open || running) {
          throw new IllegalStateException("a place is for one simulation");
        }
        running = true;
      }
      return new Run(request, listener).run();
    }

    /** The client is gone: frees the place if its simulation never began. */
    public synchronized void abandon() {
      if (!running) {
        close();
      }
    }

    @Override
    public synchronized void close() {
      if (open) {
        open = false;
        places.release();
      }
    }
  }

  /**
   * A place to run a simulation in.
   *
   * @throws ProblemException 429 if as many run as may
   */
  public Place enter() {
    if (!places.tryAcquire()) {
      throw new ProblemException(
          Problem.of(
              "too_many_simulations",
              "As many simulations run as may",
              429,
              "at most %d run at once on a replica; try again when one has ended"
                  .formatted(settings.atOnce())));
    }
    return new Place();
  }

  private final class Run {

    private final SimulationRequest request;
    private final Simulation.Listener listener;
    private final List<DraftList> drafts;
    private final Instant now = clock.instant();
    private final long started = System.nanoTime();
    private long devices;
    private long cases;
    private long unchanged;
    private long undecidable;
    private final long[] counts = new long[Effect.values().length];

    Run(SimulationRequest request, Simulation.Listener listener) {
      this.request = request;
      this.listener = listener;
      this.drafts = request.change() instanceof Change.DraftCrl crl ? crl.lists() : List.of();
    }

    Summary run() throws IOException, SQLException, StoreUnavailableException {
      try (Connection snapshot = dataSource.getConnection()) {
        snapshot.setAutoCommit(false);
        try {
          try (var begin = snapshot.createStatement()) {
            begin.execute(BEGIN);
          }
          return run(snapshot);
        } finally {
          snapshot.rollback();
          snapshot.setAutoCommit(true);
        }
      }
    }

    private Summary run(Connection snapshot)
        throws IOException, SQLException, StoreUnavailableException {
      SimulationCases population = new SimulationCases(snapshot, mac, request.population(), now);
      long total = population.devices();
      long version = version(snapshot);
      long done = 0;
      listener.progress(0, total);
      for (var batch = next(population); batch.devices() > 0; batch = next(population)) {
        long began = System.nanoTime();
        List<SimulationCase> all = batch.cases().values().stream().flatMap(List::stream).toList();
        List<Answer> answers = answers(snapshot, all);
        int from = 0;
        for (List<SimulationCase> ofDevice : batch.cases().values()) {
          device(ofDevice, answers.subList(from, from + ofDevice.size()));
          from += ofDevice.size();
        }
        done += batch.devices();
        listener.progress(done, total);
        rest(System.nanoTime() - began);
      }
      return new Summary(
          devices,
          cases,
          unchanged,
          counts[Effect.CUT_OFF.ordinal()],
          counts[Effect.LET_IN.ordinal()],
          counts[Effect.CHANGED.ordinal()],
          undecidable,
          version,
          Duration.ofNanos(System.nanoTime() - started));
    }

    private SimulationCases.Batch next(SimulationCases population)
        throws SQLException, StoreUnavailableException {
      if (System.nanoTime() - started > settings.longest().toNanos()) {
        throw new StoreUnavailableException(AdmissionDecision.Cause.OVERLOADED, null);
      }
      return population.next();
    }

    private void rest(long worked) {
      long nanos = worked / 100 * settings.restPercent();
      if (nanos > 0) {
        LockSupport.parkNanos(nanos);
      }
    }

    private static long version(Connection snapshot) throws SQLException {
      try (var statement = snapshot.prepareStatement("select version from policy_head");
          var row = statement.executeQuery()) {
        row.next();
        return row.getLong(1);
      }
    }

    /** Says what the change means for one device, and tells of each case that differs. */
    private void device(List<SimulationCase> ofDevice, List<Answer> answers) throws IOException {
      devices++;
      cases += ofDevice.size();
      boolean in = answers.stream().anyMatch(answer -> answer.sure() && answer.before().admits());
      boolean stays = answers.stream().anyMatch(answer -> answer.sure() && answer.after().admits());
      boolean sure = answers.stream().allMatch(Answer::sure);
      boolean differs = answers.stream().anyMatch(Answer::differs);
      Effect effect = in && !stays ? Effect.CUT_OFF : !in && stays ? Effect.LET_IN : Effect.CHANGED;
      if (sure && !differs) {
        unchanged++;
        return;
      }
      if (sure || in && stays && differs) {
        counts[effect.ordinal()]++;
      } else {
        undecidable++;
      }
      for (int i = 0; i < answers.size(); i++) {
        Answer answer = answers.get(i);
        if (!answer.sure() || answer.differs()) {
          listener.differs(
              difference(
                  sure ? effect : answer.sure() ? Effect.CHANGED : Effect.UNDECIDABLE,
                  ofDevice.get(i),
                  answer));
        }
      }
    }

    private Difference difference(Effect effect, SimulationCase one, Answer answer) {
      return new Difference(
          effect,
          one.device().toString(),
          one.deviceName(),
          one.certificate().toString(),
          one.past(),
          answer.before(),
          answer.after(),
          answer.cause());
    }

    private List<Answer> answers(Connection snapshot, List<SimulationCase> all)
        throws SQLException, StoreUnavailableException {
      List<EvidenceQuestion> questions = new ArrayList<>();
      int[] asked = new int[all.size()];
      for (int i = 0; i < asked.length; i++) {
        SimulationCase one = all.get(i);
        asked[i] = -1;
        if (one.standing() != null && Assessor.needsEvidence(one.standing())) {
          asked[i] = questions.size();
          questions.add(
              EvidenceQuestion.of(
                  one.standing().anchor().id(),
                  assessor.belowAnchor(one.standing(), Explain.certificate(one.der()))));
        }
      }
      List<Pair> pairs =
          questions.isEmpty() ? List.of() : evidence.of(snapshot, questions, drafts, now);
      List<Answer> answers = new ArrayList<>(all.size());
      for (int i = 0; i < asked.length; i++) {
        answers.add(answer(all.get(i), asked[i] < 0 ? null : pairs.get(asked[i])));
      }
      return answers;
    }

    private Answer answer(SimulationCase one, Pair pair) throws StoreUnavailableException {
      Standing standing = one.standing();
      if (standing == null) {
        // Nobody's certificate, now and then: only what is registered is judged by any of this.
        DryRun unknown = DryRun.refused(RefusalReason.UNKNOWN_DEVICE);
        return new Answer(unknown, unknown, null);
      }
      if (one.circumstances() == null) {
        return Answer.unsure("source_erased");
      }
      if (!Assessor.isRecognised(standing)) {
        return Answer.unsure("bound_anew_at_the_next_join");
      }
      Policy inForce = policies.inForce(standing);
      Policy drafted =
          request.change() instanceof Change.DraftPolicy draft ? draft.policy() : inForce;
      boolean unasked = pair != null && (pair.today().unasked() || pair.drafted().unasked());
      Answer answer =
          new Answer(
              judge(standing, pair == null ? null : known(pair.today()), inForce, one),
              judge(changed(standing), pair == null ? null : known(pair.drafted()), drafted, one),
              null);
      // Whatever the responder says, it says the same to both.
      return unasked && answer.differs() ? Answer.unsure("ocsp_not_asked") : answer;
    }

    private EvidenceVerdict known(EvidenceAtRest.Seen seen) {
      return seen.unasked() && !(seen.verdict() instanceof EvidenceVerdict.Revoked)
          ? null
          : seen.verdict();
    }

    private DryRun judge(
        Standing standing, EvidenceVerdict verdict, Policy policy, SimulationCase one) {
      return DryRun.of(
          Assessor.recognised(standing, verdict, now), policy, one.circumstances(), policies);
    }

    /** The standing with the change made. */
    private Standing changed(Standing standing) {
      return switch (request.change()) {
        case Change.DraftPolicy policy -> standing;
        case Change.WithoutAnchor gone ->
            standing.path().contains(gone.anchor()) ? standing.distrusting(1, false) : standing;
        case Change.DraftCrl crl -> {
          Set<UUID> revoked =
              standing.anchor() == null
                  ? Set.of()
                  : crl.lists().stream()
                      .filter(list -> list.anchor().equals(standing.anchor().id()))
                      .findFirst()
                      .map(DraftList::revokedCas)
                      .orElse(Set.of());
          int hit = (int) standing.path().stream().filter(revoked::contains).count();
          yield hit == 0 ? standing : standing.distrusting(hit, true);
        }
      };
    }
  }

  /**
   * Today's answer and the one with the change.
   *
   * @param cause why there is none; null if there is
   */
  private record Answer(DryRun before, DryRun after, String cause) {

    static Answer unsure(String cause) {
      return new Answer(null, null, cause);
    }

    boolean sure() {
      return cause == null;
    }

    /** Whether it lets in otherwise: reasons of a refusal and lifetimes alone count as the same. */
    boolean differs() {
      return sure()
          && (before.admits() != after.admits()
              || !Set.copyOf(before.segments()).equals(Set.copyOf(after.segments())));
    }
  }
}
