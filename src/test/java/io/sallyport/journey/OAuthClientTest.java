package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.door.https.DeviceDoor;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The examples of docs/oauth.md, run by the libraries and the client that they name. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class OAuthClientTest {

  private static final Path SOURCES = Path.of("src/test/node");
  private static final Path PAGE = Path.of("docs/oauth.md");
  private static final Path NODE = Path.of("target/node");
  private static final Pattern MODULE =
      Pattern.compile("```js\n(// ([a-z]+\\.mjs)\n.*?)```", Pattern.DOTALL);
  private static final Pattern SHELL = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL);
  private static final long LIMIT_SECONDS = 120;

  @Inject DeviceDoor door;

  @TestHTTPResource(value = "/", tls = true)
  URL admin;

  private House house;
  private Laptop laptop;
  private String audience;
  private String issuer;

  @BeforeEach
  void enter() throws Exception {
    house = House.of(door, admin);
    issuer = ConfigProvider.getConfig().getValue("sallyport.issuer", String.class);
    audience = "https://wiki-" + UUID.randomUUID() + ".example.com";
    laptop = OAuthWorld.laptopFor(house, audience);
  }

  @Test
  void walksThePageWithLibrariesOffTheShelf() throws Exception {
    prepareNode();
    Map<String, JsonNode> steps = new LinkedHashMap<>();
    Ran ran = run(NODE, "node", "journey.mjs");
    ran.out()
        .lines()
        .map(Console::json)
        .forEach(step -> steps.put(step.get("step").asText(), step));

    assertThat(ran.exit()).as(ran.all()).isZero();
    assertThat(steps.get("discovered").at("/result/issuer").asText())
        .as(ran.all())
        .isEqualTo(issuer);
    assertThat(steps.get("granted").at("/result/token_type").asText())
        .as(ran.all())
        .isEqualToIgnoringCase("bearer");
    assertThat(steps.get("refused target").get("error").asText()).isEqualTo("invalid_target");

    JsonNode asked = steps.get("introspected").get("result");
    assertThat(asked.at("/cnf/x5t#S256").asText()).isEqualTo(laptop.thumbprint().base64Url());
    assertThat(asked.get("aud").toString()).contains(audience);
    assertThat(steps.get("introspected with another certificate").get("result").isNull()).isTrue();

    JsonNode verified = steps.get("verified").get("result");
    assertThat(verified.get("sub").asText()).as(ran.all()).isEqualTo(laptop.id().toString());
    assertThat(verified.get("client_id").asText()).isEqualTo(laptop.id().toString());
    assertThat(verified.at("/status/status_list/uri").asText()).startsWith(issuer);
    assertThat(steps.get("verified with another certificate").get("error").asText())
        .contains("another certificate");

    assertThat(steps.get("ended").has("error")).as(ran.all()).isFalse();
    assertThat(steps.get("ended again").has("error")).as(ran.all()).isFalse();
    assertThat(steps.get("introspected after its end").get("result").isNull()).isTrue();
    assertThat(steps.get("verified after its end").get("error").asText())
        .isEqualTo("the grant has ended");
  }

  @Test
  void walksThePageWithCurl() throws Exception {
    Client.requireTool("curl", "--version");
    Matcher shell = SHELL.matcher(Files.readString(PAGE));
    assertThat(shell.find()).isTrue();

    Ran ran = run(Path.of("."), "sh", "-euc", shell.group(1));

    assertThat(ran.exit()).as(ran.all()).isZero();
    List<JsonNode> answers = ran.out().lines().map(Console::json).toList();
    assertThat(answers).as(ran.all()).hasSize(2);
    assertThat(answers.getFirst().get("active").asBoolean()).isTrue();
    assertThat(answers.getFirst().at("/cnf/x5t#S256").asText())
        .isEqualTo(laptop.thumbprint().base64Url());
    assertThat(answers.getLast()).hasToString("{\"active\":false}");
  }

  private static void prepareNode() throws Exception {
    Client.requireTool("node", "--version");
    Client.requireTool("npm", "--version");
    String old = "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)";
    skipUnless(start(Path.of("."), Map.of(), "node", "-e", old), "node is older than 20");
    Files.createDirectories(NODE);
    for (String file : List.of("package.json", "package-lock.json", "journey.mjs")) {
      Files.copy(SOURCES.resolve(file), NODE.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    Matcher module = MODULE.matcher(Files.readString(PAGE));
    while (module.find()) {
      Files.writeString(NODE.resolve(module.group(2)), module.group(1));
    }
    Ran installed =
        start(NODE, Map.of(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
    skipUnless(installed, "npm could not fetch the packages");
  }

  private static void skipUnless(Ran ran, String otherwise) {
    if (ran.exit() != 0) {
      System.out.println("SKIPPED: " + otherwise + "\n" + ran.all());
      Assumptions.abort(otherwise);
    }
  }

  private Ran run(Path folder, String... command) throws Exception {
    Laptop other = house.fleet().member();
    Map<String, String> environment = new HashMap<>();
    environment.put("ISSUER", issuer);
    environment.put("DEVICE", laptop.id().toString());
    environment.put("CA", house.root().toString());
    environment.put("CERTIFICATE", laptop.certificateFile().toString());
    environment.put("KEY", laptop.keyFile().toString());
    environment.put("OTHER_CERTIFICATE", other.certificateFile().toString());
    environment.put("AUDIENCE", audience);
    environment.put("PROXY_TOKEN", OAuthWorld.proxyToken(house, List.of(audience)));
    environment.put("DEVICE_DOOR", "https://localhost:" + house.doorPort());
    return start(folder, environment, command);
  }

  private record Ran(int exit, String out, String err) {
    String all() {
      return "exit " + exit + "\n" + out + "\n" + err;
    }
  }

  private static Ran start(Path folder, Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("program", ".out");
    Path err = Files.createTempFile("program", ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
    Ran ran = new Ran(process.exitValue(), Files.readString(out), Files.readString(err));
    Files.delete(out);
    Files.delete(err);
    return ran;
  }
}
