package io.sallyport.boot;

import io.sallyport.admission.StatusListQuery;
import io.sallyport.audit.FailureEvents;
import io.sallyport.audit.Partitions;
import io.sallyport.audit.retention.Retention;
import io.sallyport.authority.EnrolmentRequests;
import io.sallyport.authority.SupersededCertificates;
import io.sallyport.feed.ChangeLog;
import io.sallyport.grant.EndGrants;
import io.sallyport.limit.FailedAttempts;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Drops rows that nobody needs any more; on every replica, since doing it twice does no harm. */
@Singleton
final class Housekeeping {

  private static final Logger LOG = Logger.getLogger(Housekeeping.class);
  private static final long MINUTES = 10;

  private final FailedAttempts attempts;
  private final EndGrants grants;
  private final ChangeLog changes;
  private final SupersededCertificates superseded;
  private final EnrolmentRequests requests;
  private final StatusListQuery statusLists;
  private final Partitions partitions;
  private final Retention retention;
  private final FailureEvents failures;
  private final ScheduledExecutorService clockwork =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("housekeeping").factory());

  Housekeeping(
      FailedAttempts attempts,
      EndGrants grants,
      ChangeLog changes,
      SupersededCertificates superseded,
      EnrolmentRequests requests,
      StatusListQuery statusLists,
      Partitions partitions,
      Retention retention,
      FailureEvents failures) {
    this.attempts = attempts;
    this.grants = grants;
    this.changes = changes;
    this.superseded = superseded;
    this.requests = requests;
    this.statusLists = statusLists;
    this.partitions = partitions;
    this.retention = retention;
    this.failures = failures;
  }

  void start() {
    clockwork.scheduleWithFixedDelay(this::tidy, 1, MINUTES, TimeUnit.MINUTES);
    clockwork.scheduleWithFixedDelay(failures::flush, 1, 1, TimeUnit.MINUTES);
    clockwork.scheduleWithFixedDelay(this::keepMonths, 0, MINUTES, TimeUnit.MINUTES);
  }

  void close() {
    clockwork.shutdownNow();
  }

  /** A month that is not made in time costs nothing but a move later; silence would not do. */
  private void keepMonths() {
    try {
      partitions.makeAhead();
    } catch (SQLException | RuntimeException e) {
      LOG.warn("the audit log's next months can't be made now", e);
    }
    try {
      retention.run();
    } catch (SQLException | IOException | RuntimeException e) {
      LOG.warn("the audit log's old months can't be dropped now; they stay", e);
    }
  }

  private void tidy() {
    try {
      attempts.forgetEndedWindows();
      changes.forgetSeen();
      int dropped = grants.forgetExpired();
      while (dropped > 0 && !clockwork.isShutdown()) {
        dropped = grants.forgetExpired();
      }
      requests.forgetOld();
      statusLists.forgetEnded();
      int ended = superseded.revokeEnded();
      while (ended > 0 && !clockwork.isShutdown()) {
        ended = superseded.revokeEnded();
      }
    } catch (SQLException | RuntimeException e) {
      LOG.debug("old rows are dropped later", e);
    }
  }
}
