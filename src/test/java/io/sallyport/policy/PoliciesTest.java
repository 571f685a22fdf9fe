package io.sallyport.policy;

import static io.sallyport.policy.Rules.admit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.TestDatabase;
import io.sallyport.identity.SegmentName;
import io.sallyport.seal.MasterKey;
import java.sql.SQLException;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PoliciesTest {

  private static DataSource app;
  private static DataSource owner;

  private final Policies policies = new Policies(app, MasterKey.of(new byte[32]), Rules.SETTINGS);
  private final PolicyVersions versions = new PolicyVersions(app, policies);

  @BeforeAll
  static void aDatabaseOfOurOwn() {
    TestDatabase database = TestDatabase.another();
    app = database.app();
    owner = database.owner();
  }

  private PolicyVersion saved(String name) {
    return versions.append(
        new PolicyRules(List.of(admit(name, "true", "[]"))),
        "a reason",
        "operator:ada",
        Questions.NOW);
  }

  private static void run(DataSource as, String sql) throws SQLException {
    try (var connection = as.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void beginsWithTheDefaultOfTheMigration() throws SQLException {
    assertThat(policies.inForce(1).rules()).isEqualTo(PolicyRules.DEFAULT);
    assertThat(policies.inForce(1)).isSameAs(policies.inForce(1));
  }

  @Test
  void knowsNoVersionThatIsNotStored() {
    assertThatThrownBy(() -> policies.inForce(Long.MAX_VALUE)).isInstanceOf(SQLException.class);
  }

  @Test
  void aSavedVersionIsReadBackAsItWasWritten() throws SQLException {
    PolicyVersion first = saved("first \"quoted\" äß語");
    PolicyVersion second = saved("second");

    assertThat(second.version()).isEqualTo(first.version() + 1);
    assertThat(versions.current()).isEqualTo(second.version());
    assertThat(versions.find(first.version())).contains(first);
    assertThat(policies.inForce(first.version()).rules()).isEqualTo(first.rules());
    assertThat(versions.list(OptionalLong.of(second.version()), 1)).containsExactly(first);
  }

  @Test
  void keepsTheLatestVersionsAloneInMemory() throws SQLException {
    Policy first = policies.inForce(1);
    for (int i = 0; i < 16; i++) {
      policies.inForce(saved("version " + i).version());
    }

    assertThat(policies.inForce(1)).isNotSameAs(first);
  }

  @Test
  void theServiceCanNeitherChangeNorRemoveAVersion() {
    for (String sql :
        List.of(
            "update policy_version set comment = 'other' where version = 1",
            "delete from policy_version where version = 1",
            "delete from policy_head",
            "insert into policy_head (only_row, version, updated) values (false, 1, now())")) {
      assertThatThrownBy(() -> run(app, sql)).as(sql).hasMessageContaining("permission denied");
    }
  }

  // Whoever can only write to Postgres can't write rules: nobody is admitted by them.
  @Test
  void aVersionThatWasForgedIsNotUsed() throws SQLException {
    String open = "[{\"name\":\"all\",\"when\":\"true\",\"admit\":{\"segments\":\"[]\"}}]";
    for (String mac :
        List.of(
            "null",
            "'\\x00'",
            "(select mac from policy_version where version = %d)"
                .formatted(saved("honest").version()))) {
      long version = versions.list(OptionalLong.empty(), 1).getFirst().version() + 1;
      run(
          owner,
          "insert into policy_version (version, rules, author, mac, created_at) values (%d, '%s', 'x', %s, now())"
              .formatted(version, open, mac));
      assertThatThrownBy(() -> policies.inForce(version))
          .as(mac)
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("not written by Sallyport");
    }

    PolicyVersion honest = saved("honest too");
    run(
        owner,
        "update policy_version set rules = '%s' where version = %d"
            .formatted(open, honest.version()));
    assertThatThrownBy(() -> policies.inForce(honest.version()))
        .hasMessageContaining("not written by Sallyport");
  }

  @Test
  void aVersionThatCanNotBeCompiledAnyMoreIsNotUsed() {
    PolicyVersion unsound =
        versions.append(
            new PolicyRules(List.of(admit("old", "device.gone == \"x\"", "[]"))),
            "",
            "operator:ada",
            Questions.NOW);

    assertThatThrownBy(() -> policies.inForce(unsound.version()))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining("there is no field gone");
  }

  @Test
  void aSegmentOpensItsNameAndItsAudiences() throws SQLException {
    var segments = new Segments(app);
    var corp = new SegmentName("corp");
    var lab = new SegmentName("lab");
    segments.insert(
        new Segment(
            corp,
            new Segment.Details(
                "", List.of("https://intranet.example/"), OptionalInt.empty(), List.of()),
            0,
            Questions.NOW,
            Questions.NOW));

    try (var connection = app.getConnection()) {
      assertThat(segments.audiencesOf(connection, List.of(corp, lab)))
          .containsExactlyInAnyOrder("corp", "lab", "https://intranet.example/");
      assertThat(segments.audiencesOf(connection, List.of())).isEmpty();
    }
    assertThat(segments.withoutRow(List.of(corp, lab))).containsExactly(lab);
  }
}
