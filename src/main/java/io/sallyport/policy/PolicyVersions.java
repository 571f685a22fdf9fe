package io.sallyport.policy;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import javax.sql.DataSource;

/** The saved versions, for people. Joins the caller's transaction. */
@ApplicationScoped
public class PolicyVersions {

  private static final String SELECT =
      "select version, rules, coalesce(comment, '') as comment, author, created_at from policy_version ";
  private static final String ONE = SELECT + "where version = ?";
  private static final String LIST =
      SELECT + "where ?::bigint is null or version < ? order by version desc limit ?";
  private static final String HEAD = "select version from policy_head";
  private static final String LOCKED_HEAD = HEAD + " for update";
  private static final String NEWEST = "select max(version) from policy_version";

  private static final String INSERT =
      """
      insert into policy_version (version, rules, comment, author, mac, created_at)
      values (?, ?::json, ?, ?, ?, ?)
      """;

  private static final String MOVE_HEAD = "update policy_head set version = ?, updated = ?";

  private final DataSource dataSource;
  private final Policies policies;

  public PolicyVersions(DataSource dataSource, Policies policies) {
    this.dataSource = dataSource;
    this.policies = policies;
  }

  /** The number of the version in force. */
  public long current() {
    return number(HEAD);
  }

  public Optional<PolicyVersion> find(long version) {
    return query(ONE, statement -> statement.setLong(1, version)).stream().findFirst();
  }

  /**
   * Versions, newest first.
   *
   * @param before only versions below this one
   */
  public List<PolicyVersion> list(OptionalLong before, int most) {
    return query(
        LIST,
        statement -> {
          Long below = before.isPresent() ? before.getAsLong() : null;
          statement.setObject(1, below);
          statement.setObject(2, below);
          statement.setInt(3, most);
        });
  }

  /** The version in force; nobody else can save until the transaction ends. */
  long lock() {
    return number(LOCKED_HEAD);
  }

  /** Stores rules under the next number and puts them in force. Needs {@link #lock}. */
  PolicyVersion append(PolicyRules rules, String comment, String author, Instant now) {
    long version = number(NEWEST) + 1;
    String json = RulesJson.write(rules);
    try (Connection connection = dataSource.getConnection()) {
      try (var statement = connection.prepareStatement(INSERT)) {
        statement.setLong(1, version);
        statement.setString(2, json);
        statement.setString(3, comment.isEmpty() ? null : comment);
        statement.setString(4, author);
        statement.setBytes(5, policies.mac(version, json));
        statement.setTimestamp(6, Timestamp.from(now));
        statement.executeUpdate();
      }
      try (var statement = connection.prepareStatement(MOVE_HEAD)) {
        statement.setLong(1, version);
        statement.setTimestamp(2, Timestamp.from(now));
        if (statement.executeUpdate() != 1) {
          throw new IllegalStateException("no policy is in force: policy_head has lost its row");
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a policy could not be stored", e);
    }
    return new PolicyVersion(version, rules, comment, author, now);
  }

  private long number(String sql) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      if (!row.next()) {
        throw new IllegalStateException("no policy is in force: policy_head has lost its row");
      }
      return row.getLong(1);
    } catch (SQLException e) {
      throw new IllegalStateException("the policy in force could not be read", e);
    }
  }

  private interface Binding {
    void to(PreparedStatement statement) throws SQLException;
  }

  private List<PolicyVersion> query(String sql, Binding binding) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      List<PolicyVersion> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(
              new PolicyVersion(
                  rows.getLong("version"),
                  RulesJson.read(rows.getString("rules")),
                  rows.getString("comment"),
                  rows.getString("author"),
                  rows.getTimestamp("created_at").toInstant()));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException("policies could not be read", e);
    }
  }
}
