package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.TestDatabase;
import io.sallyport.identity.IssuerAndSerial;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lists that would not fit into memory. */
class HugeListTest {

  private static final int ENTRIES = 300_000;
  private static final String HEAP = "-Xmx128m";
  private static final int OUT_OF_MEMORY = 3;

  @TempDir Path folder;

  @Test
  void isTakenIntoForceByAJvmThatCouldNotHoldIt() throws Exception {
    Ran ran = run("import");

    assertThat(ran.code()).as(ran.output()).isZero();
    assertThat(ran.output())
        .contains("in force: " + ENTRIES + " entries, listed: revoked, not listed: good");
    // What the heap is worth: it is too small for the JDK to read the same list.
    assertThat(run("hold").code()).isEqualTo(OUT_OF_MEMORY);
  }

  private record Ran(int code, String output) {}

  private Ran run(String what) throws IOException, InterruptedException {
    Path output = folder.resolve(what + ".out");
    ProcessBuilder jvm =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            HEAP,
            "-XX:+ExitOnOutOfMemoryError",
            "-Dsallyport.test.max-list=134217728",
            "-cp",
            System.getProperty("java.class.path"),
            Jvm.class.getName(),
            what,
            folder.toString());
    jvm.environment().put("SALLYPORT_TEST_DATABASE_URL", TestDatabase.serverUrl());
    Process process = jvm.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Ran(process.exitValue(), Files.readString(output));
  }

  /** What runs in the small heap. */
  static final class Jvm {

    private Jvm() {}

    public static void main(String[] arguments) throws Exception {
      Path folder = Path.of(arguments[1]);
      Path list = folder.resolve("huge.crl");
      switch (arguments[0]) {
        case "import" -> take(folder, list);
        case "hold" -> {
          try (InputStream in = Files.newInputStream(list)) {
            System.out.println(CertificateFactory.getInstance("X.509").generateCRL(in).getType());
          }
        }
        default -> throw new IllegalArgumentException(arguments[0]);
      }
    }

    private static void take(Path folder, Path list) throws Exception {
      try (EvidenceWorld world = new EvidenceWorld(folder)) {
        byte[][] listed = CrlImportBench.write(list, world.root, 1, ENTRIES, 1);
        AnchorHealth health;
        try (InputStream in = Files.newInputStream(list)) {
          health = world.outside.upload(world.anchor, in, "test", null);
        }
        BigInteger one = new BigInteger(1, listed[0]);
        System.out.printf(
            "in force: %d entries, listed: %s, not listed: %s%n",
            health.sources().getFirst().entries(),
            verdict(world, one),
            verdict(world, one.add(BigInteger.ONE)));
      }
    }

    private static String verdict(EvidenceWorld world, BigInteger serial) throws Exception {
      var leaf = world.leaf().certificate();
      var subject =
          new EvidenceQuestion.Subject(
              new IssuerAndSerial(IssuerAndSerial.of(leaf).issuer(), serial.toString(16)),
              List.of(),
              List.of(),
              List.of(),
              false,
              null);
      var question = new EvidenceQuestion(world.anchor, List.of(subject), List.of(leaf));
      return switch (world.outside.evidence().of(question, world.clock.instant())) {
        case EvidenceVerdict.Good good -> "good";
        case EvidenceVerdict.Revoked revoked -> "revoked";
        case EvidenceVerdict.Unknown unknown -> unknown.cause();
      };
    }
  }
}
