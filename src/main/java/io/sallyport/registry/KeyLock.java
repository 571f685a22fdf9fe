package io.sallyport.registry;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * Held until the transaction ends by whoever registers a certificate and by whoever reports its key
 * compromised, so that neither overlooks what the other is doing with a certificate of that key.
 * Take it before locking rows of certificates, and several in the order of their bytes.
 */
public final class KeyLock {

  private static final String LOCK =
      "select pg_advisory_xact_lock(hashtextextended(encode(?, 'hex'), 0))";

  private KeyLock() {}

  /**
   * @param spki as in {@link KeyFingerprint}
   */
  public static void take(Connection connection, byte[] spki) throws SQLException {
    try (var statement = connection.prepareStatement(LOCK)) {
      statement.setBytes(1, spki);
      statement.execute();
    }
  }
}
