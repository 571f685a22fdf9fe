package io.sallyport.audit.log;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import javax.sql.DataSource;

/**
 * A real database whose connection breaks at one step, before it (the step is lost) or after it (it
 * is done and nobody is told). Steps are statements and commits.
 */
final class BreakingDataSource {

  private static final Set<String> STEPS =
      Set.of("execute", "executeQuery", "executeUpdate", "commit");

  private final DataSource real;
  private int breaksAt = -1;
  private boolean after;
  private int step;

  BreakingDataSource(DataSource real) {
    this.real = real;
  }

  /** Breaks once, at the {@code step}-th step from now on, counted from 0. */
  void breakAt(int step, boolean after) {
    this.breaksAt = step;
    this.after = after;
    this.step = 0;
  }

  void beWell() {
    breakAt(-1, false);
  }

  DataSource dataSource() {
    return (DataSource) proxy(DataSource.class, real, null);
  }

  private Object proxy(Class<?> type, Object target, Connection raw) {
    return Proxy.newProxyInstance(
        getClass().getClassLoader(),
        new Class<?>[] {type},
        (proxy, method, arguments) -> {
          try {
            if (raw == null || !STEPS.contains(method.getName())) {
              return wrapped(method.invoke(target, arguments), raw);
            }
            boolean breaks = step++ == breaksAt;
            if (breaks && !after) {
              raw.close();
              throw new SQLException("connection reset", "08006");
            }
            Object result = method.invoke(target, arguments);
            if (breaks) {
              raw.close();
              throw new SQLException("connection reset", "08006");
            }
            return result;
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        });
  }

  private Object wrapped(Object result, Connection raw) {
    return switch (result) {
      case Connection connection -> proxy(Connection.class, connection, connection);
      case java.sql.PreparedStatement statement ->
          proxy(java.sql.PreparedStatement.class, statement, raw);
      case Statement statement -> proxy(Statement.class, statement, raw);
      case null, default -> result;
    };
  }
}
