package io.sallyport.feed;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jboss.logging.Logger;
import org.postgresql.PGConnection;

/**
 * Tells this replica what changed, in commit order, each change at least once while it runs.
 *
 * <p>NOTIFY only wakes. After LISTEN, after each wake-up, after each silent interval and after each
 * reconnect the change table is read from the last number seen, so that a lost notification delays
 * a change but never loses it. Changes from before the start are not told: whoever subscribes reads
 * the present state first.
 */
public final class ChangeFeed implements AutoCloseable {

  private static final Logger LOG = Logger.getLogger(ChangeFeed.class);
  private static final int WAIT_MILLIS = 1_000;
  private static final int RECONNECT_MILLIS = 250;
  private static final int PAGE = 1_000;

  private static final String HEAD = "select seq from change_head";
  private static final String SINCE =
      "select seq, kind, subject from change where seq > ? order by seq limit " + PAGE;

  private final DataSource dataSource;
  private final Map<ChangeKind, List<Consumer<String>>> subscribers = new ConcurrentHashMap<>();
  private final List<Runnable> resumed = new CopyOnWriteArrayList<>();

  private volatile boolean running;
  private volatile boolean connected;
  private Thread thread;
  private long seen = -1;

  public ChangeFeed(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /**
   * Calls {@code action} with the subject of each change of this kind, one at a time; it must not
   * block for long.
   */
  public void subscribe(ChangeKind kind, Consumer<String> action) {
    subscribers.computeIfAbsent(kind, k -> new CopyOnWriteArrayList<>()).add(action);
  }

  /** Calls {@code action} each time the feed has (re)connected, before it tells what was missed. */
  public void onConnect(Runnable action) {
    resumed.add(action);
  }

  /** Starts listening; returns at once. */
  public synchronized void start() {
    if (thread == null) {
      running = true;
      thread = Thread.ofPlatform().daemon().name("change-feed").start(this::run);
    }
  }

  /** Whether the feed is listening now. */
  public boolean connected() {
    return connected;
  }

  @Override
  public synchronized void close() {
    running = false;
    if (thread != null) {
      thread.interrupt();
      thread = null;
    }
  }

  private void run() {
    while (running) {
      try (Connection connection = dataSource.getConnection()) {
        listen(connection);
      } catch (SQLException e) {
        LOG.debug("the change feed lost its connection", e);
      } catch (RuntimeException e) {
        LOG.error("the change feed stumbled and starts over", e);
      }
      connected = false;
      pause();
    }
  }

  private void pause() {
    try {
      Thread.sleep(RECONNECT_MILLIS);
    } catch (InterruptedException e) {
      running = false;
    }
  }

  private void listen(Connection connection) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute("listen " + ChangeLog.CHANNEL);
    }
    try {
      if (seen < 0) {
        seen = head(connection);
      }
      resumed.forEach(Runnable::run);
      connected = true;
      PGConnection wakeUps = connection.unwrap(PGConnection.class);
      while (running) {
        catchUp(connection);
        wakeUps.getNotifications(WAIT_MILLIS);
      }
    } finally {
      try (var statement = connection.createStatement()) {
        // The connection goes back to the pool; it must not collect notifications there.
        statement.execute("unlisten *");
      }
    }
  }

  private static long head(Connection connection) throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery(HEAD)) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  private void catchUp(Connection connection) throws SQLException {
    int read;
    do {
      read = 0;
      try (var statement = connection.prepareStatement(SINCE)) {
        statement.setLong(1, seen);
        try (var rows = statement.executeQuery()) {
          while (rows.next()) {
            tell(rows.getString(2), rows.getString(3));
            seen = rows.getLong(1);
            read++;
          }
        }
      }
    } while (read == PAGE && running);
  }

  private void tell(String kind, String subject) {
    ChangeKind known;
    try {
      known = ChangeKind.valueOf(kind);
    } catch (IllegalArgumentException e) {
      // A newer replica's kind, during an upgrade.
      return;
    }
    for (Consumer<String> action : subscribers.getOrDefault(known, List.of())) {
      try {
        action.accept(subject);
      } catch (RuntimeException e) {
        LOG.errorf(e, "a subscriber failed on %s %s", kind, subject);
      }
    }
  }
}
