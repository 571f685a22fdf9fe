package io.sallyport.audit;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * A table whose rows travel in the audit batch: they are durable if and only if the records beside
 * them are.
 *
 * @param <R> the row
 */
public interface BatchTable<R> {

  /**
   * Inserts all rows by one statement, in the caller's transaction; rows that are there already (a
   * repeated batch) are left as they are.
   */
  void insert(Connection connection, List<R> rows) throws SQLException;
}
