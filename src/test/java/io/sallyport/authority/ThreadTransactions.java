package io.sallyport.authority;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * A data source whose connections join the transaction of their thread, as JTA has it in the
 * running service; outside of one they commit by themselves.
 */
final class ThreadTransactions implements DataSource {

  private final DataSource database;
  private final ThreadLocal<Connection> current = new ThreadLocal<>();

  ThreadTransactions(DataSource database) {
    this.database = database;
  }

  /** Commits what {@code work} did, or nothing of it if it throws. */
  <T> T inTransaction(Callable<T> work) throws Exception {
    try (Connection connection = database.getConnection()) {
      connection.setAutoCommit(false);
      current.set(connection);
      try {
        T result = work.call();
        connection.commit();
        return result;
      } catch (Exception e) {
        connection.rollback();
        throw e;
      } finally {
        current.remove();
      }
    }
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection joined = current.get();
    if (joined == null) {
      return database.getConnection();
    }
    return (Connection)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Connection.class},
            (_, method, arguments) -> {
              if (method.getName().equals("close")) {
                return null;
              }
              try {
                return method.invoke(joined, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
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
    throw new UnsupportedOperationException();
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
