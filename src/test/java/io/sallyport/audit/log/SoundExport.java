package io.sallyport.audit.log;

import io.sallyport.audit.RealRecords;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/**
 * A log of twelve real records under four checkpoints as files, for tests of who reads them.
 *
 * @param export the export
 * @param key a file with the verifier key
 * @param proof the proof of one of the records
 * @param head the newest checkpoint
 */
public record SoundExport(Path export, Path key, Path proof, Path head) {

  /** Writes the files into {@code folder}. */
  public static SoundExport in(Path folder) throws Exception {
    var world = new LogWorld(folder);
    var records = new RealRecords(world.database.app(), folder.resolve("spool"));
    Sequencer sequencer = world.sequencer();
    var last = records.write(3);
    for (int i = 0; i < 3; i++) {
      LogWorld.runToEnd(sequencer);
      last = records.write(3);
    }
    LogWorld.runToEnd(sequencer);
    TransparencyLog log = world.reader(world.memory());
    Path export = folder.resolve("audit.ndjson");
    try (var out = Files.newOutputStream(export)) {
      log.export(Instant.parse("2026-11-23T12:30:00Z")).orElseThrow().write(out);
    }
    return new SoundExport(
        export,
        text(folder, "key", world.key.named(LogWorld.ORIGIN) + "\n"),
        text(folder, "proof", log.proof(last.getFirst()).orElseThrow().toString()),
        text(folder, "head", log.checkpoint().orElseThrow().toString()));
  }

  private static Path text(Path folder, String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }
}
