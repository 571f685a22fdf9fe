package io.sallyport.policy;

import io.sallyport.identity.SegmentName;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/** The segments and what each of them opens. */
public class Segments {

  private static final String AUDIENCES = "select audiences from segment where name = any (?)";

  /**
   * What these segments open as audiences: each its own name and those of its row. A name without a
   * row opens just itself.
   */
  public Set<String> audiencesOf(Connection connection, Collection<SegmentName> segments)
      throws SQLException {
    Set<String> audiences = new TreeSet<>();
    segments.forEach(segment -> audiences.add(segment.value()));
    if (segments.isEmpty()) {
      return audiences;
    }
    try (var statement = connection.prepareStatement(AUDIENCES)) {
      statement.setArray(
          1, connection.createArrayOf("text", segments.stream().map(SegmentName::value).toArray()));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          audiences.addAll(Arrays.asList((String[]) rows.getArray(1).getArray()));
        }
      }
    }
    return audiences;
  }
}
