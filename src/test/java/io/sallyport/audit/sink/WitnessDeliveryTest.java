package io.sallyport.audit.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sallyport.audit.log.Cosignatures;
import io.sallyport.audit.log.CosignerKey;
import io.sallyport.audit.log.NoteKey;
import io.sallyport.audit.log.SignedNote;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a witness that is made of Go's sumdb packages and nothing of ours. */
class WitnessDeliveryTest {

  @TempDir Path folder;

  private SinkWorld world;
  private Process witness;
  private CosignerKey key;
  private URI url;
  private Cosignatures cosignatures;
  private Sink sink;

  @BeforeEach
  void witness() throws Exception {
    assumeTrue(
        Files.exists(Path.of("/usr/share/gocode/src/golang.org/x/mod/sumdb/note")),
        "go and golang-golang-x-mod-dev are not installed");
    world = new SinkWorld(folder);
    cosignatures = new Cosignatures(world.database.app());
    sink = world.sink(SinkContent.CHECKPOINTS);
    NoteKey ours = world.key.named(SinkWorld.ORIGIN);
    Path binary = folder.resolve("witness");
    go("build", "-o", binary.toString(), "src/test/go/witness/main.go");
    witness =
        new ProcessBuilder(binary.toString(), ours.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var output =
        new BufferedReader(new InputStreamReader(witness.getInputStream(), StandardCharsets.UTF_8));
    key = CosignerKey.parse(output.readLine());
    url = URI.create(output.readLine());
  }

  @AfterEach
  void stop() throws Exception {
    if (witness != null) {
      witness.destroy();
      witness.waitFor(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void hasEveryTreeCosignedAsTheContinuationOfTheLast() throws Exception {
    try (var delivery = delivery(key)) {
      for (int count : List.of(1, 2, 300, 7)) {
        world.write(count);
        world.sequence();
        delivery.deliver(news());
      }
    }
    SignedNote newest = cosignatures.newest().orElseThrow();
    assertThat(newest.text()).startsWith(SinkWorld.ORIGIN + "\n310\n");
    assertThat(newest.signatures()).hasSize(2);
    assertThat(key.cosigned(newest.text(), newest.signatures().getLast())).isTrue();
    assertThat(key.cosigned(newest.text().replace("310", "311"), newest.signatures().getLast()))
        .isFalse();
    assertThat(world.text("select count(*) from log_cosignature")).isEqualTo("4");
  }

  @Test
  void asksAWitnessThatKnowsMoreThanThisReplica() throws Exception {
    world.write(3);
    world.sequence();
    List<SinkItem> older = news();
    try (var first = delivery(key)) {
      first.deliver(older);
      world.write(2);
      world.sequence();
      first.deliver(news());
    }
    // Another replica, with nothing in its memory, begins with an old checkpoint and then the new.
    try (var second = delivery(key)) {
      second.deliver(older);
      world.write(1);
      world.sequence();
      second.deliver(news());
    }
    assertThat(cosignatures.newest().orElseThrow().text()).contains("\n6\n");
  }

  @Test
  void believesNoCosignatureOfAnotherKey() throws Exception {
    world.write(1);
    world.sequence();
    CosignerKey another =
        CosignerKey.parse("witness.test/w1+688dc6b6+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    try (var delivery = delivery(another)) {
      assertThatThrownBy(() -> delivery.deliver(news()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no cosignature of its key");
    }
    assertThat(cosignatures.newest()).isEmpty();
  }

  @Test
  void tellsThatTheWitnessSawMoreThanTheLogHas() throws Exception {
    world.write(3);
    world.sequence();
    List<SinkItem> first = news();
    world.write(4);
    world.sequence();
    try (var delivery = delivery(key)) {
      delivery.deliver(news());
    }
    world.sql("delete from log_checkpoint where size > 3");
    try (var delivery =
        new WitnessDelivery(
            url,
            key,
            // A replica that came with the older database and remembers nothing.
            world.reader(folder.resolve("another")),
            cosignatures,
            new BoundedHttp(Destination.tls(null), Duration.ofSeconds(10)),
            Clock.systemUTC())) {
      assertThatThrownBy(() -> delivery.deliver(first))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("more than the log has");
    }
  }

  private List<SinkItem> news() throws Exception {
    var queue = new SinkQueue(world.database.app(), Clock.systemUTC(), sink, "a");
    var batch = queue.read(0, 100);
    return List.of(batch.items().getLast());
  }

  private WitnessDelivery delivery(CosignerKey by) {
    return new WitnessDelivery(
        url,
        by,
        world.log,
        cosignatures,
        new BoundedHttp(Destination.tls(null), Duration.ofSeconds(10)),
        Clock.systemUTC());
  }

  private static void go(String... arguments) throws Exception {
    var command = new ArrayList<String>();
    command.add("/usr/bin/go");
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).redirectErrorStream(true).inheritIO();
    builder.environment().put("GO111MODULE", "off");
    builder.environment().put("GOPATH", "/usr/share/gocode");
    builder.environment().put("GOCACHE", Path.of("target/go-cache").toAbsolutePath().toString());
    assertThat(builder.start().waitFor()).isZero();
  }
}
