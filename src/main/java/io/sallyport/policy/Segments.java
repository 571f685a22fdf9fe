package io.sallyport.policy;

import io.sallyport.identity.SegmentName;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import javax.sql.DataSource;

/** The segments and what each of them opens. Joins the caller's transaction. */
@ApplicationScoped
public class Segments {

  private static final String AUDIENCES = "select audiences from segment where name = any (?)";
  private static final String KNOWN = "select name from segment where name = any (?)";

  private static final String SELECT =
      "select name, description, audiences, vlan, cidrs, version, created_at, changed_at from segment ";
  private static final String ONE = SELECT + "where name = ?";
  private static final String LOCKED = ONE + " for update";
  private static final String LIST =
      SELECT
          + "where ?::text is null or name collate \"C\" > ? order by name collate \"C\" limit ?";

  private static final String INSERT =
      """
      insert into segment (description, audiences, vlan, cidrs, version, changed_at, name, created_at)
      values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing
      """;

  private static final String UPDATE =
      """
      update segment set description = ?, audiences = ?, vlan = ?, cidrs = ?, version = ?, changed_at = ?
      where name = ?
      """;

  private static final String DELETE = "delete from segment where name = ?";

  private final DataSource dataSource;

  public Segments(DataSource dataSource) {
    this.dataSource = dataSource;
  }

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
      statement.setArray(1, names(connection, segments));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          audiences.addAll(texts(rows, 1));
        }
      }
    }
    return audiences;
  }

  /** Those of these names that have no row; they open just themselves. */
  public List<SegmentName> withoutRow(Collection<SegmentName> segments) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(KNOWN)) {
      statement.setArray(1, names(connection, segments));
      List<SegmentName> unknown = new ArrayList<>(segments);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          unknown.remove(new SegmentName(rows.getString(1)));
        }
      }
      return List.copyOf(unknown);
    } catch (SQLException e) {
      throw new IllegalStateException("segments could not be read", e);
    }
  }

  public Optional<Segment> find(SegmentName name) {
    return query(ONE, statement -> statement.setString(1, name.value())).stream().findFirst();
  }

  /**
   * Segments by name.
   *
   * @param after where to go on, or null to begin
   */
  public List<Segment> list(SegmentName after, int most) {
    return query(
        LIST,
        statement -> {
          statement.setString(1, after == null ? null : after.value());
          statement.setString(2, after == null ? null : after.value());
          statement.setInt(3, most);
        });
  }

  /** The segment, if there is one, locked until the transaction ends. */
  Optional<Segment> locked(SegmentName name) {
    return query(LOCKED, statement -> statement.setString(1, name.value())).stream().findFirst();
  }

  /** False if the name is taken. */
  boolean insert(Segment segment) {
    return write(INSERT, segment, statement -> statement.setTimestamp(8, at(segment.createdAt())));
  }

  /** False if there is none of this name. */
  boolean update(Segment segment) {
    return write(UPDATE, segment, statement -> {});
  }

  /** False if there is none of this name. */
  boolean delete(SegmentName name) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(DELETE)) {
      statement.setString(1, name.value());
      return statement.executeUpdate() == 1;
    } catch (SQLException e) {
      throw new IllegalStateException("a segment could not be removed", e);
    }
  }

  private interface Binding {
    void to(PreparedStatement statement) throws SQLException;
  }

  private boolean write(String sql, Segment segment, Binding more) {
    var details = segment.details();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      statement.setString(1, details.description());
      statement.setArray(2, connection.createArrayOf("text", details.audiences().toArray()));
      if (details.vlan().isPresent()) {
        statement.setInt(3, details.vlan().getAsInt());
      } else {
        statement.setNull(3, Types.INTEGER);
      }
      statement.setArray(4, connection.createArrayOf("text", details.cidrs().toArray()));
      statement.setLong(5, segment.version());
      statement.setTimestamp(6, at(segment.changedAt()));
      statement.setString(7, segment.name().value());
      more.to(statement);
      return statement.executeUpdate() == 1;
    } catch (SQLException e) {
      throw new IllegalStateException("a segment could not be written", e);
    }
  }

  private List<Segment> query(String sql, Binding binding) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      List<Segment> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(read(rows));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException("segments could not be read", e);
    }
  }

  private static Segment read(ResultSet row) throws SQLException {
    int vlan = row.getInt("vlan");
    return new Segment(
        new SegmentName(row.getString("name")),
        new Segment.Details(
            row.getString("description"),
            texts(row, row.findColumn("audiences")),
            vlan == 0 ? OptionalInt.empty() : OptionalInt.of(vlan),
            texts(row, row.findColumn("cidrs"))),
        row.getLong("version"),
        row.getTimestamp("created_at").toInstant(),
        row.getTimestamp("changed_at").toInstant());
  }

  private static java.sql.Array names(Connection connection, Collection<SegmentName> segments)
      throws SQLException {
    return connection.createArrayOf("text", segments.stream().map(SegmentName::value).toArray());
  }

  private static Timestamp at(java.time.Instant instant) {
    return Timestamp.from(instant);
  }

  private static List<String> texts(ResultSet row, int column) throws SQLException {
    return Arrays.asList((String[]) row.getArray(column).getArray());
  }
}
