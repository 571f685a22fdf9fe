package io.sallyport.audit.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SequencerTest {

  @TempDir Path folder;

  private LogWorld world;

  @BeforeEach
  void freshLog() {
    world = new LogWorld(folder);
  }

  @Test
  void makesOneLeafOfEveryRecord() throws Exception {
    Sequencer sequencer = world.sequencer();
    for (int count : List.of(1, 2, 253, 1, 300, 7)) {
      world.write(count);
      assertThat(LogWorld.runToEnd(sequencer)).isEqualTo(count);
    }
    assertThat(sequencer.run()).isEqualTo(new Sequencer.Outcome.NothingNew(false));
    world.assertWhole();
  }

  @Test
  void signsNothingBeforeTheFirstRecord() throws Exception {
    assertThat(LogWorld.runToEnd(world.sequencer())).isZero();
    assertThat(world.number("select count(*) from log_checkpoint")).isZero();
  }

  @Test
  void findsRecordsWhoseTransactionsEndOutOfOrder() throws Exception {
    Sequencer sequencer = world.sequencer();
    world.write(3);
    LogWorld.runToEnd(sequencer);
    try (Connection slow = open();
        Connection slower = open();
        Connection lost = open()) {
      world.write(slow, 2);
      world.write(lost, 1);
      world.write(slower, 4);
      world.write(5);
      assertThat(LogWorld.runToEnd(sequencer)).isEqualTo(5);
      slower.commit();
      lost.rollback();
      assertThat(LogWorld.runToEnd(sequencer)).isEqualTo(4);
      world.write(1);
      assertThat(LogWorld.runToEnd(sequencer)).isEqualTo(1);
      slow.commit();
      assertThat(LogWorld.runToEnd(sequencer)).isEqualTo(2);
    }
    world.assertWhole();
  }

  @Test
  void findsARecordThatWasOpenWhenAnotherReplicaTookOver() throws Exception {
    try (Connection slow = open()) {
      world.write(slow, 2);
      world.write(5);
      LogWorld.runToEnd(world.sequencer());
      world.write(5);
      LogWorld.runToEnd(world.sequencer());
      slow.commit();
    }
    assertThat(LogWorld.runToEnd(world.sequencer())).isEqualTo(2);
    world.assertWhole();
  }

  @Test
  void goesOnWhereABatchWasFull() throws Exception {
    world.write(10);
    Sequencer sequencer = world.sequencer(world.database.app(), world.memory(), 7);
    LogWorld.runToEnd(sequencer);
    try (Connection one = open();
        Connection another = open()) {
      // Transactions of more than a batch, interleaved, and one that is still running.
      world.write(one, 30);
      world.write(another, 1);
      for (int i = 0; i < 20; i++) {
        world.write(i % 9);
      }
      one.commit();
      LogWorld.runToEnd(sequencer);
      another.commit();
    }
    LogWorld.runToEnd(world.sequencer(world.database.app(), world.memory(), 3));
    world.assertWhole();
  }

  @Test
  void leavesNoGapWhileManyWriteAndSeveralSequence() throws Exception {
    var writing = new AtomicBoolean(true);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var writers = new ArrayList<Future<Integer>>();
      for (int writer = 0; writer < 6; writer++) {
        var random = new Random(writer);
        writers.add(threads.submit(() -> writeInPieces(random)));
      }
      var sequencers = new ArrayList<Future<Long>>();
      for (int replica = 0; replica < 3; replica++) {
        Sequencer sequencer = world.sequencer(world.database.app(), world.memory(), 40);
        sequencers.add(threads.submit(sequence(sequencer, writing)));
      }
      long written = 0;
      for (var writer : writers) {
        written += writer.get();
      }
      writing.set(false);
      long leaves = 0;
      for (var sequencer : sequencers) {
        leaves += sequencer.get();
      }
      assertThat(leaves).isEqualTo(written);
    }
    world.assertWhole();
  }

  private Integer writeInPieces(Random random) throws SQLException {
    int committed = 0;
    for (int transaction = 0; transaction < 25; transaction++) {
      try (Connection connection = open()) {
        int rows = 0;
        for (int piece = random.nextInt(4); piece >= 0; piece--) {
          rows += world.write(connection, random.nextInt(1, 9)).size();
        }
        if (random.nextInt(5) == 0) {
          connection.rollback();
        } else {
          connection.commit();
          committed += rows;
        }
      }
    }
    return committed;
  }

  private static Callable<Long> sequence(Sequencer sequencer, AtomicBoolean writing) {
    return () -> {
      long leaves = 0;
      while (writing.get()) {
        if (sequencer.run() instanceof Sequencer.Outcome.Integrated integrated) {
          leaves += integrated.leaves();
        }
      }
      return leaves + LogWorld.runToEnd(sequencer);
    };
  }

  @Test
  void survivesADeathBeforeAndAfterEveryStep() throws Exception {
    for (boolean after : List.of(false, true)) {
      boolean broke = true;
      for (int step = 0; broke; step++) {
        var breaking = new BreakingDataSource(world.database.app());
        CheckpointMemory memory = world.memory();
        Sequencer sequencer = world.sequencer(breaking.dataSource(), memory, 1_000);
        world.write(3);
        LogWorld.runToEnd(sequencer);
        world.write(260);
        breaking.breakAt(step, after);
        broke = failed(sequencer);
        breaking.beWell();
        // The same replica goes on, and so does another.
        LogWorld.runToEnd(sequencer);
        world.assertWhole();
        world.write(2);
        LogWorld.runToEnd(world.sequencer());
        LogWorld.runToEnd(sequencer);
        world.assertWhole();
        assertThat(step).isLessThan(30);
      }
    }
  }

  private static boolean failed(Sequencer sequencer) throws LogRefusedException {
    try {
      sequencer.run();
      return false;
    } catch (SQLException e) {
      return true;
    }
  }

  @Test
  void cannotPublishOnceItWasOvertaken() throws Exception {
    Sequencer other = world.sequencer();
    world.write(3);
    LogWorld.runToEnd(other);
    world.write(2);
    Sequencer stale = world.sequencer(overtakenBy(other), world.memory(), 1_000);

    assertThatThrownBy(stale::run)
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("23505"));

    world.assertWhole();
    assertThat(world.number("select count(*) from log_leaf")).isEqualTo(5);
  }

  /** Has no lock, and is overtaken just before its first insert into the tree. */
  private DataSource overtakenBy(Sequencer other) {
    return proxy(
        DataSource.class,
        world.database.app(),
        (name, argument) -> argument,
        result ->
            proxy(
                Connection.class,
                (Connection) result,
                (name, argument) -> {
                  if (argument instanceof String sql && sql.contains("into log_leaf")) {
                    LogWorld.runToEnd(other);
                  }
                  return argument instanceof String sql
                      ? sql.replace("pg_try_advisory_xact_lock(?)", "?::bigint is not null")
                      : argument;
                },
                made -> made));
  }

  private interface Argument {
    Object of(String method, Object argument) throws Exception;
  }

  private interface Result {
    Object of(Object result);
  }

  private static <T> T proxy(Class<T> type, T target, Argument argument, Result result) {
    return type.cast(
        Proxy.newProxyInstance(
            SequencerTest.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              Object[] given = arguments == null ? null : arguments.clone();
              if (given != null && given.length > 0) {
                given[0] = argument.of(method.getName(), given[0]);
              }
              try {
                Object made = method.invoke(target, given);
                return made instanceof Connection || made instanceof PreparedStatement
                    ? result.of(made)
                    : made;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  @Test
  void leavesTheTurnToWhoHasTheLockAndRemembersWhatThatOnePublished() throws Exception {
    world.write(3);
    LogWorld.runToEnd(world.sequencer());
    CheckpointMemory memory = world.memory();
    try (Connection holder = open();
        var lock = holder.prepareStatement("select pg_advisory_xact_lock(?)")) {
      lock.setLong(1, Sequencer.LOCK);
      lock.execute();
      assertThat(world.sequencer(world.database.app(), memory, 10).run())
          .isEqualTo(new Sequencer.Outcome.NotOurTurn());
    }
    assertThat(memory.newest(LogWorld.ORIGIN)).map(Checkpoint::size).contains(3L);
  }

  @Test
  void findsWhatWasWrittenAfterADumpWasRestoredIntoAYoungerCluster() throws Exception {
    Sequencer sequencer = world.sequencer();
    world.write(5);
    LogWorld.runToEnd(sequencer);
    world.asOwner("update log_checkpoint set seen = '9000000000:9000000000:'");
    world.asOwner("update audit_record set written = '8999999999'");
    world.write(4);
    assertThat(LogWorld.runToEnd(world.sequencer(world.database.app(), world.memory(), 3)))
        .isEqualTo(4);
    world.write(2);
    assertThat(LogWorld.runToEnd(world.sequencer())).isEqualTo(2);
    world.assertWhole();
  }

  @Test
  void putsARecordThatIsTooLongForABundleIntoTheTreeByItsDigest() throws Exception {
    UUID id = world.ids.next();
    byte[] canonical = new byte[Leaf.LONGEST + 1];
    try (Connection connection = world.database.app().getConnection()) {
      world.insert(connection, id, canonical);
    }
    LogWorld.runToEnd(world.sequencer());
    world.assertWhole();
    byte[] bundle =
        world.reader(world.memory()).tile(TilePath.parse("entries/000.p/1")).orElseThrow();
    assertThat(new String(bundle, 2, bundle.length - 2))
        .matches("\\{\"kind\":\"digest\",\"sha256\":\"[0-9a-f]{64}\",\"v\":1}");
  }

  @Test
  void keepsTheOldKeyListedWhenANewOneSigns() throws Exception {
    world.write(3);
    LogWorld.runToEnd(world.sequencer());
    SigningKey next = SigningKey.ofPem(SigningKey.newPem(LogWorld.RANDOM));
    LogKeys keys = world.keys(next, LogWorld.ORIGIN);
    CheckpointMemory memory = world.memory();
    var rolled =
        new Sequencer(
            world.database.app(),
            keys,
            memory,
            LogWorld.settings(LogWorld.ORIGIN, 10),
            LogWorld.clock(),
            "replica-2");
    world.write(2);
    LogWorld.runToEnd(rolled);

    assertThat(keys.list().stream().map(LogKeys.Listed::key))
        .containsExactlyInAnyOrder(world.key.named(LogWorld.ORIGIN), next.named(LogWorld.ORIGIN));
    // A replica with the old key goes on, too, while keys are rolled over.
    world.write(1);
    assertThat(LogWorld.runToEnd(world.sequencer())).isEqualTo(1);
  }

  @Test
  void believesNoKeyThatSomebodyWroteIntoTheDatabase() throws Exception {
    world.write(1);
    LogWorld.runToEnd(world.sequencer());
    SigningKey stranger = SigningKey.ofPem(SigningKey.newPem(LogWorld.RANDOM));
    byte[] raw = stranger.named(LogWorld.ORIGIN).raw();
    world.asOwner(
        "insert into log_key values ('%s', '\\x%s', now(), '\\x00')"
            .formatted(LogWorld.ORIGIN, java.util.HexFormat.of().formatHex(raw)));
    assertThat(world.keys(world.key, LogWorld.ORIGIN).list()).hasSize(1);
    SignedNote forged = new Checkpoint(LogWorld.ORIGIN, 2, TreeHash.ofNothing()).signedBy(stranger);
    world.asOwner(
        "insert into log_checkpoint values (2, 1, '\\x%s', '%s', null, now(), 'x')"
            .formatted("00".repeat(32), forged));
    assertThatThrownBy(() -> world.sequencer().run())
        .isInstanceOf(LogRefusedException.class)
        .hasMessageContaining("no valid signature of a known key");
  }

  @Test
  void isNotDisturbedByAClockThatGoesBackwards() throws Exception {
    world.write(1);
    LogWorld.runToEnd(world.sequencer());
    var yesterday = java.time.Clock.offset(LogWorld.clock(), java.time.Duration.ofDays(-1));
    var sequencer =
        new Sequencer(
            world.database.app(),
            world.keys(world.key, LogWorld.ORIGIN),
            world.memory(),
            LogWorld.settings(LogWorld.ORIGIN, 10),
            yesterday,
            "replica-1");
    world.write(2);
    assertThat(LogWorld.runToEnd(sequencer)).isEqualTo(2);
    world.assertWhole();
  }

  @Test
  void cannotBeRewrittenByTheService() throws Exception {
    world.write(1);
    LogWorld.runToEnd(world.sequencer());
    for (String table : List.of("log_leaf", "log_node", "log_checkpoint", "log_key")) {
      for (String sql :
          List.of("delete from " + table, "truncate " + table, "drop table " + table)) {
        refused(sql);
      }
    }
    refused("update log_leaf set hash = hash");
    refused("update log_checkpoint set note = note");
    refused("update log_key set since = since");
    refused("update log_node set hash = hash");
  }

  private void refused(String sql) throws SQLException {
    try (Connection connection = world.database.app().getConnection();
        var statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute(sql))
          .as(sql)
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
    }
  }

  private Connection open() throws SQLException {
    Connection connection = world.database.app().getConnection();
    connection.setAutoCommit(false);
    return connection;
  }
}
