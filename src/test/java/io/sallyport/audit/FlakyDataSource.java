package io.sallyport.audit;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;
import javax.sql.DataSource;

/** A real database that can be made to fail in the ways that a real one does. */
final class FlakyDataSource implements DataSource {

  enum Mood {
    WELL,
    /** No connection to be had. */
    GONE,
    /** The write is lost. */
    FAILS_BEFORE_COMMIT,
    /** The write is stored and the answer lost. */
    FAILS_AFTER_COMMIT,
    /** Committed here, the wait for the standby cancelled. */
    WARNS_AT_COMMIT
  }

  private final DataSource real;
  private final AtomicInteger failuresLeft = new AtomicInteger(Integer.MAX_VALUE);
  private volatile Mood mood = Mood.WELL;
  private volatile CountDownLatch gate = new CountDownLatch(0);
  private volatile CountDownLatch arrived = new CountDownLatch(0);

  FlakyDataSource(DataSource real) {
    this.real = real;
  }

  void be(Mood mood) {
    be(mood, Integer.MAX_VALUE);
  }

  /** Fails {@code times}, then is well. */
  void be(Mood mood, int times) {
    failuresLeft.set(times);
    this.mood = mood;
  }

  /** Lets every connection wait until {@link #release}. */
  void hang() {
    arrived = new CountDownLatch(1);
    gate = new CountDownLatch(1);
  }

  /** Waits until somebody hangs. */
  void awaitVictim() throws InterruptedException {
    arrived.await();
  }

  void release() {
    gate.countDown();
  }

  @Override
  public Connection getConnection() throws SQLException {
    arrived.countDown();
    try {
      gate.await();
    } catch (InterruptedException e) {
      throw new SQLException("interrupted", e);
    }
    if (mood == Mood.GONE && failing()) {
      throw new SQLException("connection refused", "08001");
    }
    Connection connection = real.getConnection();
    boolean[] warned = {false};
    return (Connection)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("commit")) {
                commit(connection, warned);
                return null;
              }
              if (method.getName().equals("getWarnings") && warned[0]) {
                return new SQLWarning(
                    "canceling wait for synchronous replication due to user request", "01000");
              }
              try {
                return method.invoke(connection, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private void commit(Connection connection, boolean[] warned) throws SQLException {
    switch (mood) {
      case WELL, GONE -> connection.commit();
      case FAILS_BEFORE_COMMIT -> {
        if (failing()) {
          connection.close();
          throw new SQLException("connection reset", "08006");
        }
        connection.commit();
      }
      case FAILS_AFTER_COMMIT -> {
        connection.commit();
        if (failing()) {
          connection.close();
          throw new SQLException("connection reset", "08006");
        }
      }
      case WARNS_AT_COMMIT -> {
        connection.commit();
        warned[0] = failing();
      }
    }
  }

  private boolean failing() {
    return failuresLeft.getAndDecrement() > 0;
  }

  @Override
  public Connection getConnection(String user, String password) {
    throw new UnsupportedOperationException();
  }

  @Override
  public PrintWriter getLogWriter() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void setLogWriter(PrintWriter out) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void setLoginTimeout(int seconds) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int getLoginTimeout() {
    return 0;
  }

  @Override
  public Logger getParentLogger() {
    throw new UnsupportedOperationException();
  }

  @Override
  public <T> T unwrap(Class<T> type) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }
}
