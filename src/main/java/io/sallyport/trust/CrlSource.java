package io.sallyport.trust;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.UUID;

/**
 * A place a list comes from.
 *
 * @param delta whether a delta is expected there; null where either may come first
 * @param nextUpdate of the list in force, or null
 * @param sha256 of the list in force, or null
 */
record CrlSource(
    UUID id,
    UUID anchor,
    String url,
    String origin,
    Boolean delta,
    String etag,
    String lastModified,
    int failures,
    String failure,
    Instant nextUpdate,
    byte[] sha256) {

  static final String COLUMNS =
      """
      id, anchor, url, origin, delta, etag, last_modified, failures, failure, next_update, sha256
      """;

  static CrlSource read(ResultSet row) throws SQLException {
    var nextUpdate = row.getTimestamp("next_update");
    return new CrlSource(
        row.getObject("id", UUID.class),
        row.getObject("anchor", UUID.class),
        row.getString("url"),
        row.getString("origin"),
        row.getObject("delta", Boolean.class),
        row.getString("etag"),
        row.getString("last_modified"),
        row.getInt("failures"),
        row.getString("failure"),
        nextUpdate == null ? null : nextUpdate.toInstant(),
        row.getBytes("sha256"));
  }

  boolean isFetched() {
    return !origin.equals("uploaded");
  }
}
