package io.sallyport.audit.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database that tells another story than it did: restored from a backup, or rewritten. */
class ForkTest {

  @TempDir Path folder;

  private LogWorld world;
  private CheckpointMemory memory;
  private Sequencer replica;

  @BeforeEach
  void aLogOfEightRecordsThatOneReplicaRemembers() throws Exception {
    world = new LogWorld(folder);
    memory = world.memory();
    replica = world.sequencer(world.database.app(), memory, 100);
    world.write(5);
    LogWorld.runToEnd(replica);
    world.write(3);
    LogWorld.runToEnd(replica);
  }

  @Test
  void refusesADatabaseThatIsOlderThanTheLog() throws Exception {
    restoreABackupOfFiveRecords();
    world.write(1);

    assertThatThrownBy(replica::run)
        .isInstanceOf(LogRefusedException.class)
        .hasMessage(
            "the log in the database ends at 5 records, and this replica saw it signed with 8:"
                + " the database is older than the log");
    assertThatThrownBy(() -> world.reader(memory).checkpoint())
        .isInstanceOf(LogRefusedException.class);
    assertThat(world.number("select max(size) from log_checkpoint")).isEqualTo(5);
  }

  @Test
  void refusesADatabaseThatWasEmptied() throws Exception {
    world.asOwner("truncate log_leaf, log_node, log_checkpoint");

    assertThatThrownBy(replica::run)
        .isInstanceOf(LogRefusedException.class)
        .hasMessageContaining("ends at 0 records");
  }

  @Test
  void refusesItAfterARestartToo() throws Exception {
    restoreABackupOfFiveRecords();
    CheckpointMemory reread = new CheckpointMemory(folder.resolve("checkpoint-0"));

    assertThatThrownBy(() -> world.sequencer(world.database.app(), reread, 100).run())
        .isInstanceOf(LogRefusedException.class);
  }

  @Test
  void refusesALogThatAnotherReplicaLedOnFromTheBackup() throws Exception {
    restoreABackupOfFiveRecords();
    world.write(3);
    LogWorld.runToEnd(world.sequencer());
    assertThatThrownBy(replica::run)
        .isInstanceOf(LogRefusedException.class)
        .hasMessageContaining("is another one at 8 records");
    world.write(9);
    LogWorld.runToEnd(world.sequencer());
    assertThatThrownBy(replica::run)
        .isInstanceOf(LogRefusedException.class)
        .hasMessageContaining("is another one at 8 records");
  }

  @Test
  void goesOnUnderAnotherOrigin() throws Exception {
    restoreABackupOfFiveRecords();
    world.write(2);
    String origin = LogWorld.ORIGIN + "/2";
    var renamed =
        new Sequencer(
            world.database.app(),
            world.keys(world.key, origin),
            memory,
            LogWorld.settings(origin, 100),
            LogWorld.clock(),
            "replica-1");

    assertThat(LogWorld.runToEnd(renamed)).isEqualTo(2);
    assertThat(memory.newest(origin)).map(Checkpoint::size).contains(7L);
  }

  @Test
  void refusesToSignOverLeavesThatWereRewritten() throws Exception {
    world.asOwner("update log_leaf set hash = decode(repeat('00', 32), 'hex') where number = 6");
    world.write(1);

    assertThatThrownBy(() -> world.sequencer(world.database.app(), memory, 100).run())
        .isInstanceOf(LogRefusedException.class)
        .hasMessageContaining("not those whose root was signed at 8 records");
  }

  @Test
  void refusesAHeadWhoseRowIsNotWhatWasSigned() throws Exception {
    world.asOwner("update log_checkpoint set size = 9 where size = 8");

    assertThatThrownBy(replica::run)
        .isInstanceOf(LogRefusedException.class)
        .hasMessageContaining("not what was signed");
  }

  @Test
  void refusesToStartOnAFileThatHoldsNoCheckpoint() throws Exception {
    Path file = Files.writeString(folder.resolve("checkpoint-0"), "nothing of the kind");

    assertThatThrownBy(() -> new CheckpointMemory(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("checkpoint-0");
  }

  @Test
  void remembersTheNewestOnly() throws Exception {
    Checkpoint older = new Checkpoint(LogWorld.ORIGIN, 6, TreeHash.ofNothing());
    memory.remember(older, older.signedBy(world.key));

    assertThat(memory.newest(LogWorld.ORIGIN)).map(Checkpoint::size).contains(8L);
    assertThat(Files.readString(folder.resolve("checkpoint-0"))).contains("\n8\n");
  }

  private void restoreABackupOfFiveRecords() throws Exception {
    for (String sql :
        List.of(
            "delete from audit_record where id in (select record_id from log_leaf where number >= 5)",
            "delete from log_leaf where number >= 5",
            "delete from log_checkpoint where size > 5")) {
      world.asOwner(sql);
    }
  }
}
