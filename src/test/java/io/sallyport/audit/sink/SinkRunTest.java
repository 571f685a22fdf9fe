package io.sallyport.audit.sink;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.audit.sink.SinkWorld.Receiver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SinkRunTest {

  @TempDir Path folder;

  private SinkWorld world;
  private final Receiver receiver = new Receiver();

  @BeforeEach
  void emptyLog() throws Exception {
    world = new SinkWorld(folder);
  }

  @Test
  void deliversEveryRecordOnceAndInOrder() throws Exception {
    world.write(450);
    world.sequence();
    Sink sink = world.sink(SinkContent.RECORDS);
    SinkRun run = world.run(sink, receiver, "a");
    toEnd(run);
    world.write(3);
    world.sequence();
    toEnd(run);
    assertThat(receiver.taken).isEqualTo(upTo(453));
    assertThat(world.next(sink)).isEqualTo(453);
  }

  @Test
  void sendsNothingThatIsNotInASignedTree() throws Exception {
    world.write(5);
    SinkRun run = world.run(world.sink(SinkContent.RECORDS), receiver, "a");
    assertThat(run.step()).isEqualTo(SinkWorld.SETTINGS.period());
    assertThat(receiver.taken).isEmpty();
  }

  @Test
  void sendsAgainWhatWasTakenButNotAcknowledged() throws Exception {
    world.write(4);
    world.sequence();
    Sink sink = world.sink(SinkContent.RECORDS);
    receiver.dropsAnswer = true;
    assertThat(world.run(sink, receiver, "a").step()).isPositive();
    assertThat(world.next(sink)).isZero();
    receiver.dropsAnswer = false;
    toEnd(world.run(sink, receiver, "a"));
    assertThat(receiver.taken).containsExactly(0L, 1L, 2L, 3L, 0L, 1L, 2L, 3L);
  }

  @Test
  void triesAReceiverThatIsAwayForEverAndSaysWhy() throws Exception {
    world.write(2);
    world.sequence();
    Sink sink = world.sink(SinkContent.RECORDS);
    SinkRun run = world.run(sink, receiver, "a");
    receiver.away = true;
    for (int i = 0; i < 20; i++) {
      assertThat(run.step()).isBetween(Duration.ofMillis(500), Duration.ofMinutes(1));
    }
    assertThat(world.next(sink)).isZero();
    assertThat(state(sink, "failures")).isEqualTo("20");
    assertThat(state(sink, "last_error")).isEqualTo("nobody there");
    receiver.away = false;
    toEnd(run);
    assertThat(receiver.taken).containsExactly(0L, 1L);
    assertThat(state(sink, "failures")).isEqualTo("0");
    assertThat(state(sink, "last_error")).isNull();
  }

  @Test
  void passesOverWhatIsRefusedForGoodAndKeepsItAsADeadLetter() throws Exception {
    world.write(6);
    world.sequence();
    Sink sink = world.sink(SinkContent.RECORDS);
    receiver.refuses.add(3L);
    toEnd(world.run(sink, receiver, "a"));
    assertThat(receiver.taken).containsExactly(0L, 1L, 2L, 4L, 5L);
    assertThat(
            world.text(
                "select position || ' ' || reason from audit_sink_dead_letter where sink_id = '"
                    + sink.id()
                    + "'"))
        .isEqualTo("3 not this one");
  }

  @Test
  void oneReplicaAtATimeServesASink() throws Exception {
    world.write(1);
    world.sequence();
    Sink sink = world.sink(SinkContent.RECORDS);
    SinkRun first = world.run(sink, receiver, "a");
    toEnd(first);
    world.write(1);
    world.sequence();
    var other = new Receiver();
    SinkRun second = world.run(sink, other, "b");
    toEnd(second);
    assertThat(other.taken).isEmpty();
    first.close();
    toEnd(second);
    assertThat(other.taken).containsExactly(1L);
  }

  @Test
  void aReplicaThatLostItsSinkMovesNothing() throws Exception {
    world.write(2);
    world.sequence();
    Sink sink = world.sink(SinkContent.RECORDS);
    var stalled = new SinkQueue(world.database.app(), java.time.Clock.systemUTC(), sink, "a");
    assertThat(stalled.hold(Duration.ofSeconds(5))).isPresent();
    world.sql("update audit_sink_progress set held_until = now() - interval '1 second'");
    toEnd(world.run(sink, receiver, "b"));
    assertThat(stalled.advance(2, 9)).isFalse();
    assertThat(stalled.bury(2, "late")).isFalse();
    assertThat(world.next(sink)).isEqualTo(2);
    assertThat(world.text("select count(*) from audit_sink_dead_letter")).isEqualTo("0");
  }

  @Test
  void passesOverRecordsThatAreGone() throws Exception {
    var ids = world.write(4);
    world.sequence();
    world.sql("delete from audit_record where id in ('" + ids.get(0) + "', '" + ids.get(1) + "')");
    Sink sink = world.sink(SinkContent.RECORDS);
    toEnd(world.run(sink, receiver, "a"));
    assertThat(receiver.taken).hasSize(2);
    assertThat(world.next(sink)).isEqualTo(4);
  }

  @Test
  void sendsEachCheckpoint() throws Exception {
    Sink sink = world.sink(SinkContent.CHECKPOINTS);
    SinkRun run = world.run(sink, receiver, "a");
    for (int count : List.of(2, 3)) {
      world.write(count);
      world.sequence();
      toEnd(run);
    }
    assertThat(receiver.taken).containsExactly(2L, 5L);
    assertThat(receiver.items.getLast().body())
        .contains("\"size\":5", SinkWorld.ORIGIN + "\\n5\\n");
  }

  @Test
  void showsPersonalFieldsInTheClearAndNoSalt() throws Exception {
    world.write(1);
    world.sequence();
    toEnd(world.run(world.sink(SinkContent.RECORDS), receiver, "a"));
    String personal = world.text("select personal ->> '/source/address' from audit_record limit 1");
    String salt = world.text("select encode(salt, 'hex') from audit_record limit 1");
    assertThat(receiver.items.getFirst().body())
        .contains("\"address\":\"" + personal + "\"", "\"logIndex\":0")
        .doesNotContain(salt)
        .doesNotContain("\n");
  }

  private String state(Sink sink, String column) throws Exception {
    return world.text(
        "select " + column + " from audit_sink_progress where sink_id = '" + sink.id() + "'");
  }

  private static void toEnd(SinkRun run) throws Exception {
    int steps = 0;
    // A refused item waits between its tries; here nobody does.
    while (steps++ < 50) {
      run.step();
    }
  }

  private static List<Long> upTo(long end) {
    return LongStream.range(0, end).boxed().toList();
  }
}
