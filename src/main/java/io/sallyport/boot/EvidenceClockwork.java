package io.sallyport.boot;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.sallyport.feed.ChangeFeed;
import io.sallyport.feed.ChangeKind;
import io.sallyport.trust.OutsideEvidence;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Keeps the evidence of outside CAs going, on every replica; the database shares the work out. */
@Singleton
final class EvidenceClockwork {

  private static final Logger LOG = Logger.getLogger(EvidenceClockwork.class);

  /** After the house has opened. */
  private static final int LATE = 3_000;

  private static final int FETCHERS = 2;
  private static final long SECONDS = 1;

  private final OutsideEvidence evidence;
  private final ChangeFeed feed;
  private final ScheduledExecutorService clockwork =
      Executors.newScheduledThreadPool(
          FETCHERS + 2, Thread.ofPlatform().daemon().name("evidence-", 0).factory());

  EvidenceClockwork(OutsideEvidence evidence, ChangeFeed feed) {
    this.evidence = evidence;
    this.feed = feed;
  }

  private interface Work {
    void run() throws SQLException;
  }

  void start(@Observes @Priority(LATE) StartupEvent started) {
    feed.subscribe(ChangeKind.CERTIFICATE, evidence.learned()::registered);
    feed.subscribe(ChangeKind.TRUST, subject -> evidence.learned().anchorsChanged());
    for (int i = 0; i < FETCHERS; i++) {
      every(evidence::fetchDue);
    }
    every(evidence::keep);
    every(evidence::tidy);
  }

  void stop(@Observes ShutdownEvent stopping) {
    clockwork.shutdownNow();
  }

  private void every(Work work) {
    clockwork.scheduleWithFixedDelay(() -> run(work), SECONDS, SECONDS, TimeUnit.SECONDS);
  }

  private void run(Work work) {
    try {
      work.run();
    } catch (SQLException e) {
      LOG.debug("the database is away; revocation evidence is kept later", e);
    } catch (RuntimeException | Error e) {
      // An error too: a task that throws is never scheduled again, and lists would go stale in
      // silence.
      if (!clockwork.isShutdown()) {
        LOG.error("keeping revocation evidence stumbled and goes on", e);
      }
    }
  }
}
