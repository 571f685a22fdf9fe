package io.sallyport.policy;

import io.sallyport.TestDatabase;
import java.sql.SQLException;

/** Puts rules in force as a command of the running application would. */
public final class SavedPolicy {

  private static final String SAVE =
      """
      with saved as (
        insert into policy_version (version, rules, author, mac, created_at)
        values (?, ?::json, 'test', ?, now()) returning version)
      update policy_head set version = (select version from saved), updated = now()
      """;

  private SavedPolicy() {}

  /** On return the rules are in force; returns their version. */
  public static long save(Policies policies, PolicyRules rules) throws SQLException {
    String json = RulesJson.write(rules);
    try (var connection = TestDatabase.ownerDataSource().getConnection()) {
      long version;
      try (var next = connection.prepareStatement("select max(version) + 1 from policy_version");
          var row = next.executeQuery()) {
        row.next();
        version = row.getLong(1);
      }
      try (var save = connection.prepareStatement(SAVE)) {
        save.setLong(1, version);
        save.setString(2, json);
        save.setBytes(3, policies.mac(version, json));
        save.executeUpdate();
      }
      return version;
    }
  }
}
