package io.sallyport.boot;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.sallyport.registry.Posture;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.jboss.logging.Logger;

/** Lets facts about devices end, on every replica; the database shares the work out. */
@Singleton
final class PostureClockwork {

  private static final Logger LOG = Logger.getLogger(PostureClockwork.class);

  /** After the house has opened. */
  private static final int LATE = 3_000;

  private static final long TELL_MILLIS = 500;
  private static final long DROP_MINUTES = 10;

  private final Posture posture;
  private final ScheduledExecutorService clockwork =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("posture").factory());

  PostureClockwork(Posture posture) {
    this.posture = posture;
  }

  void start(@Observes @Priority(LATE) StartupEvent started) {
    clockwork.scheduleWithFixedDelay(
        () -> all(posture::tellEnded), TELL_MILLIS, TELL_MILLIS, TimeUnit.MILLISECONDS);
    clockwork.scheduleWithFixedDelay(
        () -> all(posture::dropExpired), 1, DROP_MINUTES, TimeUnit.MINUTES);
  }

  void stop(@Observes ShutdownEvent stopping) {
    clockwork.shutdownNow();
  }

  private void all(IntSupplier some) {
    try {
      int done;
      do {
        done = some.getAsInt();
      } while (done > 0 && !clockwork.isShutdown());
    } catch (RuntimeException | Error e) {
      // An error too: a task that throws is never scheduled again.
      if (!clockwork.isShutdown()) {
        LOG.debug("expired facts are looked at later", e);
      }
    }
  }
}
