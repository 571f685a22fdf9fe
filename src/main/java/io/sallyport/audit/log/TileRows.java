package io.sallyport.audit.log;

import java.sql.Connection;
import java.sql.SQLException;

/** The hashes of tiles, read through one connection. */
final class TileRows implements MerkleTree.Tiles {

  private static final String LEAVES =
      "select hash from log_leaf where number >= ? and number < ? order by number";
  private static final String NODES =
      "select hash from log_node where number >= ? and number < ? and level = ? order by number";

  private final Connection connection;

  TileRows(Connection connection) {
    this.connection = connection;
  }

  /**
   * @throws IllegalStateException if one of them is missing, or the database does not answer
   */
  @Override
  public byte[] hashes(int level, long first, int count) {
    byte[] hashes = new byte[count * TreeHash.LENGTH];
    int found = 0;
    try (var statement = connection.prepareStatement(level == 0 ? LEAVES : NODES)) {
      statement.setLong(1, first);
      statement.setLong(2, first + count);
      if (level > 0) {
        statement.setInt(3, level);
      }
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          System.arraycopy(rows.getBytes(1), 0, hashes, found * TreeHash.LENGTH, TreeHash.LENGTH);
          found++;
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the tree can't be read", e);
    }
    if (found != count) {
      throw new IllegalStateException(
          "of %d hashes of level %d from %d on, %d are there"
              .formatted(count, level, first, found));
    }
    return hashes;
  }
}
