package io.sallyport.policy;

import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import javax.sql.DataSource;

/** Puts rules into force as another replica would have, without telling the change feed. */
public final class StoredPolicies {

  private static final String VERSION =
      """
      insert into policy_version (version, rules, author, mac, created_at)
      select max(version) + 1, ?::json, 'test', ?, ? from policy_version
      """;
  private static final String NEXT = "select max(version) + 1 from policy_version";
  private static final String HEAD = "update policy_head set version = ?, updated = ?";

  private final DataSource dataSource;
  private final Policies policies;

  public StoredPolicies(DataSource dataSource, Policies policies) {
    this.dataSource = dataSource;
    this.policies = policies;
  }

  /** Stores the rules; returns the version that they are in force as. */
  public long save(List<PolicyRule> rules) throws SQLException {
    String json = RulesJson.write(new PolicyRules(rules));
    try (var connection = dataSource.getConnection()) {
      long version;
      try (var statement = connection.createStatement();
          var row = statement.executeQuery(NEXT)) {
        row.next();
        version = row.getLong(1);
      }
      insert(json, policies.mac(version, json));
      head(version);
      return version;
    }
  }

  /** Stores rules as somebody would who can write to the database and has no key. */
  public void forge(List<PolicyRule> rules) throws SQLException {
    insert(RulesJson.write(new PolicyRules(rules)), new byte[32]);
    try (var connection = dataSource.getConnection();
        var statement =
            connection.prepareStatement(
                "update policy_head set version = (select max(version) from policy_version)")) {
      statement.executeUpdate();
    }
  }

  /** Puts a stored version into force. */
  public void head(long version) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(HEAD)) {
      statement.setLong(1, version);
      statement.setTimestamp(2, Timestamp.from(Instant.EPOCH));
      statement.executeUpdate();
    }
  }

  private void insert(String rules, byte[] mac) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(VERSION)) {
      statement.setString(1, rules);
      statement.setBytes(2, mac);
      statement.setTimestamp(3, Timestamp.from(Instant.EPOCH));
      statement.executeUpdate();
    }
  }
}
