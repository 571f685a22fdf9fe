package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script that reports a Linux machine's posture, against the running house. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class PostureScriptTest extends AdminApi {

  private static final Path SCRIPT = Path.of("deploy/posture/sallyport-posture").toAbsolutePath();

  @TempDir Path dir;

  private record Ran(int exit, String output) {}

  @BeforeEach
  void requireCurl() {
    for (String tool : List.of("/usr/bin/curl", "/bin/sh")) {
      if (!Files.isExecutable(Path.of(tool))) {
        System.out.println("SKIPPED: this machine has no " + tool);
        Assumptions.abort("this machine has no " + tool);
      }
    }
    fake("findmnt", "echo /dev/mapper/root");
    fake("lsblk", "printf 'lvm\\ncrypt\\npart\\ndisk\\n'");
  }

  @Test
  void reportsAnEncryptedDiskAndTheSystem() {
    String device = device("posture-script");

    assertThat(run(device, token(device))).isEqualTo(new Ran(0, ""));

    client
        .admin()
        .get("/api/v1/devices/" + device + "/posture")
        .then()
        .body("facts.diskEncrypted.value", equalTo(true))
        .body("facts.diskEncrypted.source", equalTo("self"))
        .body("facts.kernelVersion.value", startsWith(System.getProperty("os.version")));
  }

  @Test
  void saysNothingOfADiskItCannotSeeAndWithdrawsWhatItSaid() {
    String device = device("posture-script-unknown");
    assertThat(run(device, token(device)).exit()).isZero();
    fake("lsblk", "exit 1");

    assertThat(run(device, token(device)).exit()).isZero();

    client
        .admin()
        .get("/api/v1/devices/" + device + "/posture")
        .then()
        .body("facts.containsKey('diskEncrypted')", equalTo(false));
  }

  @Test
  void reportsAnOpenDisk() {
    fake("lsblk", "printf 'part\\ndisk\\n'");
    assertThat(run("--print").output()).contains("\"diskEncrypted\":false");
  }

  @Test
  void aTokenOfAnotherDeviceIsRefused() {
    Ran ran = run(device("posture-script-a"), token(device("posture-script-b")));

    assertThat(ran.exit()).isEqualTo(2);
    assertThat(ran.output()).contains("refused (403)");
  }

  @Test
  void refusesATokenThatOthersCanRead() throws IOException {
    String device = device("posture-script-open");
    Path token = token(device);
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-r--r--"));

    Ran ran = run(device, token);

    assertThat(ran.exit()).isEqualTo(6);
    assertThat(ran.output()).contains("can be read by others").doesNotContain(read(token));
  }

  @Test
  void tellsNothingToAServerThatItsRootDoesNotVouchFor() throws IOException {
    String device = device("posture-script-mitm");
    Path other = Files.writeString(dir.resolve("other.crt"), authority.pem());

    assertThat(run(arguments(device, token(device), other)).exit()).isEqualTo(5);
  }

  @Test
  void refusesWhatWouldBecomeAPartOfUrlOrJson() {
    assertThat(run("--print", "--source", "a\"b").exit()).isEqualTo(1);
    assertThat(run("--print", "--ttl", "P1D\",\"x").exit()).isEqualTo(1);
    Path token = token(device("posture-script-url"));
    assertThat(run("../../operators", token).exit()).isEqualTo(1);
  }

  private Ran run(String device, Path token) {
    return run(arguments(device, token, SallyportResource.data().resolve("ca/root.crt")));
  }

  private String[] arguments(String device, Path token, Path root) {
    return new String[] {
      "--server",
      "https://localhost:" + url.getPort(),
      "--device",
      device,
      "--token-file",
      token.toString(),
      "--ca",
      root.toString()
    };
  }

  private Ran run(String... arguments) {
    try {
      List<String> command = new ArrayList<>(List.of("/bin/sh", SCRIPT.toString()));
      command.addAll(List.of(arguments));
      Path output = dir.resolve("output");
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
      builder.environment().put("PATH", dir + ":" + System.getenv("PATH"));
      Process process = builder.start();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return new Ran(process.exitValue(), Files.readString(output));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Path token(String device) {
    String token =
        post(
                "/api-tokens",
                Map.of(
                    "name", "script", "scopes", List.of("posture"), "audiences", List.of(device)))
            .statusCode(201)
            .extract()
            .path("token");
    return written("token", token + "\n", "rw-------");
  }

  private void fake(String name, String body) {
    written(name, "#!/bin/sh\n" + body + "\n", "rwx------");
  }

  private Path written(String name, String text, String permissions) {
    try {
      Path file = Files.writeString(dir.resolve(name), text);
      return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file).strip();
  }
}
