package io.sallyport.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.audit.log.SoundExport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditCommandTest {

  @TempDir static Path folder;

  private static SoundExport log;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeAll
  static void aLog() throws Exception {
    log = SoundExport.in(folder);
  }

  @Test
  void saysThatASoundLogIsSound() {
    assertThat(run("--export", log.export(), "--key", log.key())).isEqualTo(AuditCommand.SOUND);
    assertThat(out.toString())
        .startsWith("sound: 12 records, 4 checkpoints, keys sallyport.test/log+")
        .hasLineCount(1);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void saysWhereItsKeysComeFromIfNoneIsGiven() {
    assertThat(run("--export", log.export())).isEqualTo(AuditCommand.SOUND);
    assertThat(out.toString())
        .startsWith("note: the keys were taken from the export itself: pin them by --key\n");
  }

  @Test
  void namesWhatIsWrong() throws IOException {
    Path changed = folder.resolve("changed.ndjson");
    Files.writeString(changed, Files.readString(log.export()).replaceFirst("office", "orifice"));

    assertThat(run("--export", changed, "--key", log.key())).isEqualTo(AuditCommand.WRONG);
    assertThat(out.toString()).contains("WRONG: record ").contains("NOT SOUND: 12 records");
  }

  @Test
  void wantsTheLogToContainWhatWasSeenBefore() throws IOException {
    Path seen = folder.resolve("seen");

    assertThat(run("--export", log.export(), "--key", log.key(), "--remember", seen)).isZero();
    assertThat(seen).hasSameTextualContentAs(log.head());
    assertThat(run("--export", log.export(), "--key", log.key(), "--remember", seen)).isZero();
    String other = Files.readString(seen).replace("\n12\n", "\n9\n");
    Files.writeString(seen, other);
    assertThat(run("--export", log.export(), "--key", log.key(), "--remember", seen))
        .isEqualTo(AuditCommand.WRONG);
    assertThat(out.toString()).contains("WRONG: the log was another one: at 9 leaves");
    assertThat(seen).hasContent(other);
    assertThat(run("--export", log.export(), "--key", log.key(), "--checkpoint", seen))
        .isEqualTo(AuditCommand.WRONG);
  }

  @Test
  void checksAProofByItselfAndShowsWhatItProves() {
    assertThat(run("--proof", log.proof(), "--key", log.key())).isEqualTo(AuditCommand.SOUND);
    assertThat(out.toString())
        .contains("\"kind\":\"decision\"")
        .contains("proven: leaf 9 of the 12 that sallyport.test/log signed");
  }

  @Test
  void refusesAProofOfAnotherRecord() throws IOException {
    Path forged = folder.resolve("forged");
    Files.writeString(forged, Files.readString(log.proof()).replace("index 9", "index 8"));

    assertThat(run("--proof", forged, "--key", log.key())).isEqualTo(AuditCommand.WRONG);
    assertThat(out.toString()).contains("NOT PROVEN: the record is not leaf 8");
  }

  @Test
  void saysHowItIsUsed() {
    for (Object[] arguments :
        new Object[][] {
          {},
          {"--export"},
          {"--export", log.export(), "--server", "https://localhost"},
          {"--server", "https://localhost"},
          {"--proof", log.proof()},
          {"--export", log.export(), "--key", log.export()},
          {"--export", log.export(), "--gap", "an hour"},
          {"--nonsense", "x"}
        }) {
      assertThat(run(arguments)).isEqualTo(AuditCommand.NOT_CHECKED);
      assertThat(err.toString()).contains("usage: audit verify");
      err.reset();
    }
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void saysThatItCouldNotCheck() {
    assertThat(run("--export", folder.resolve("absent"))).isEqualTo(AuditCommand.NOT_CHECKED);
    assertThat(err.toString()).contains("not checked").contains("absent");
  }

  private int run(Object... arguments) {
    String[] all = new String[arguments.length + 2];
    all[0] = "audit";
    all[1] = "verify";
    for (int i = 0; i < arguments.length; i++) {
      all[i + 2] = arguments[i].toString();
    }
    return new AuditCommand(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8))
        .run(all);
  }
}
