package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.sallyport.SallyportResource;
import io.sallyport.TestDatabase;
import io.sallyport.admin.AdminClient;
import io.sallyport.admin.signin.Role;
import io.sallyport.audit.RealRecords;
import io.sallyport.audit.log.Checkpoint;
import io.sallyport.audit.log.NoteKey;
import io.sallyport.audit.log.SignedNote;
import io.sallyport.audit.log.TlogProof;
import io.sallyport.audit.log.TreeHash;
import io.sallyport.audit.log.TreeProofs;
import io.sallyport.audit.verify.LogVerifier;
import io.sallyport.audit.verify.Report;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The log as an auditor sees it, of the running application. */
@QuarkusTest
@WithTestResource(SallyportResource.class)
class TransparencyLogApiTest {

  private static final String LOG = "/api/v1/audit/log/";

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  @TempDir Path folder;

  private AdminClient client;
  private UUID decision;

  @BeforeEach
  void someRecords() throws Exception {
    client = new AdminClient(url);
    var records = new RealRecords(TestDatabase.appDataSource(), folder.resolve("spool"));
    decision = records.write(10).getFirst();
    await().until(() -> get("/api/v1/decisions/" + decision + "/proof").statusCode() == 200);
  }

  @Test
  void makesALeafOfADecisionAndProvesIt() {
    Response answer = get("/api/v1/decisions/" + decision + "/proof");
    TlogProof proof = TlogProof.parse(answer.asString());

    assertThat(answer.contentType()).startsWith("text/plain");
    assertThat(proof.verify(keys()).size()).isGreaterThan(proof.index());
    assertThat(new String(proof.leaf())).contains("\"id\":\"" + decision + "\"");
    assertThat(proof.toString()).isEqualTo(answer.asString());
  }

  @Test
  void servesAHeadThatOnlyItsKeySigns() {
    Response answer = get(LOG + "checkpoint");
    Checkpoint head = Checkpoint.open(SignedNote.parse(answer.asString()), keys());

    assertThat(answer.contentType()).isEqualToIgnoringCase("text/plain;charset=utf-8");
    assertThat(answer.header("Cache-Control")).isEqualTo("private, max-age=1");
    assertThat(head.origin()).isEqualTo("localhost:" + url.getPort() + "/api/v1/audit/log");
    assertThat(head.size()).isGreaterThanOrEqualTo(10);
  }

  @Test
  void provesInclusionAndConsistency() throws Exception {
    Checkpoint older = head();
    var inclusion = get(LOG + "proofs/inclusion?decisionId=" + decision).jsonPath();
    Checkpoint head = Checkpoint.open(SignedNote.parse(inclusion.getString("checkpoint")), keys());
    assertThat(
            TreeProofs.includes(
                TreeHash.ofBase64(inclusion.getString("leafHash")),
                inclusion.getLong("leafIndex"),
                hashes(inclusion.getList("path")),
                head.size(),
                head.root()))
        .isTrue();
    growBeyond(older);
    Checkpoint newer = head();
    var consistency =
        get(LOG + "proofs/consistency?from=" + older.size() + "&to=" + newer.size()).jsonPath();
    assertThat(
            TreeProofs.isConsistent(
                older.size(),
                older.root(),
                newer.size(),
                newer.root(),
                hashes(consistency.getList("proof"))))
        .isTrue();
  }

  @Test
  void servesTilesThatNeverChange() {
    long size = head().size();
    String last = "%03d.p/%d".formatted(size / 256, size % 256);
    if (size % 256 != 0) {
      Response tile = get(LOG + "tile/0/" + last);
      assertThat(tile.statusCode()).isEqualTo(200);
      assertThat(tile.header("Cache-Control")).contains("immutable");
      assertThat(tile.asByteArray()).hasSize((int) (32 * (size % 256)));
      assertThat(get(LOG + "tile/entries/" + last).statusCode()).isEqualTo(200);
    }
    for (String path : List.of("0/999", "8/000", "0/00", "0/x001/x001/000", "9/000.p/1", "x")) {
      get(LOG + "tile/" + path).then().statusCode(404).contentType("application/problem+json");
    }
  }

  @Test
  void refusesQuestionsThatAreNone() {
    for (String question :
        List.of(
            "proofs/inclusion",
            "proofs/inclusion?decisionId=x",
            "proofs/consistency?from=1",
            "proofs/consistency?from=2&to=1",
            "proofs/consistency?from=-1&to=1",
            "proofs/consistency?from=01&to=1",
            "proofs/consistency?from=1&to=2&x=3")) {
      get(LOG + question).then().statusCode(400).contentType("application/problem+json");
    }
    get(LOG + "proofs/consistency?from=1&to=999999999").then().statusCode(404);
    get(LOG + "proofs/inclusion?decisionId=" + new UUID(0, 0)).then().statusCode(404);
    get("/api/v1/decisions/" + new UUID(0, 0) + "/proof").then().statusCode(404);
    get("/api/v1/audit/export?format=xml").then().statusCode(400);
  }

  @Test
  void exportsALogThatAnybodyCanCheck() throws Exception {
    Response export = get("/api/v1/audit/export?format=ndjson");
    Report report =
        new LogVerifier(keys(), List.of(), Duration.ofDays(1))
            .check(export.asInputStream(), (leaves, size) -> {});

    assertThat(export.contentType()).startsWith("application/x-ndjson");
    // Other tests of this database change rows as its owner; what they signed must fit all the
    // same.
    assertThat(report.findings()).noneMatch(finding -> finding.contains("leaves"));
    assertThat(report.last().size()).isGreaterThanOrEqualTo(10);
  }

  @Test
  void isReadByTheToolsOfGosChecksumDatabase() throws Exception {
    assumeTrue(
        isThere("/usr/bin/go") && isThere("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog"),
        "go and golang-golang-x-mod-dev are not installed");
    Checkpoint older = download("older");
    growBeyond(older);
    Checkpoint head = download("checkpoint");
    write("keys", keys().stream().map(NoteKey::toString).toList());
    List<String> consistency =
        get(LOG + "proofs/consistency?from=" + older.size() + "&to=" + head.size())
            .jsonPath()
            .getList("proof");
    write("consistency", consistency);
    Files.writeString(
        folder.resolve("proof"), get("/api/v1/decisions/" + decision + "/proof").asString());
    downloadTiles(head.size());

    assertThat(checklog()).isEqualTo("sound: " + head.size() + " entries");
    // And would say so if it were not: a byte of an entry.
    Path entries = folder.resolve("tile/entries/000" + partial(head.size(), 0));
    byte[] bytes = Files.readAllBytes(entries);
    bytes[20] ^= 1;
    Files.write(entries, bytes);
    assertThat(checklog()).startsWith("FAILED: an entry is not what the tree has");
  }

  private void downloadTiles(long size) throws IOException {
    for (long level = 0, hashes = size; hashes > 0; level++, hashes /= 256) {
      for (long tile = 0; tile * 256 < hashes; tile++) {
        String name = "%03d%s".formatted(tile, partial(hashes, tile));
        downloadTile(level + "/" + name);
        if (level == 0) {
          downloadTile("entries/" + name);
        }
      }
    }
  }

  private static String partial(long hashes, long tile) {
    return hashes - tile * 256 >= 256 ? "" : ".p/" + (hashes - tile * 256);
  }

  private void downloadTile(String path) throws IOException {
    Path file = folder.resolve("tile/" + path);
    Files.createDirectories(file.getParent());
    Response tile = get(LOG + "tile/" + path);
    assertThat(tile.statusCode()).as(path).isEqualTo(200);
    Files.write(file, tile.asByteArray());
  }

  private String checklog() throws Exception {
    var builder =
        new ProcessBuilder("/usr/bin/go", "run", "src/test/go/checklog/main.go", folder.toString())
            .redirectErrorStream(true);
    builder.environment().put("GO111MODULE", "off");
    builder.environment().put("GOPATH", "/usr/share/gocode");
    builder.environment().put("GOCACHE", Path.of("target/go-cache").toAbsolutePath().toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    return output.strip().replace("\nexit status 1", "");
  }

  private void growBeyond(Checkpoint older) throws Exception {
    new RealRecords(TestDatabase.appDataSource(), folder.resolve("spool")).write(3);
    await().until(() -> head().size() >= older.size() + 3);
  }

  private Checkpoint download(String file) throws IOException {
    Path saved = Files.writeString(folder.resolve(file), get(LOG + "checkpoint").asString());
    return Checkpoint.parse(SignedNote.parse(Files.readString(saved)).text());
  }

  private void write(String file, List<String> lines) throws IOException {
    Files.writeString(folder.resolve(file), String.join("\n", lines) + "\n");
  }

  private static boolean isThere(String path) {
    return Files.exists(Path.of(path));
  }

  private Checkpoint head() {
    return Checkpoint.parse(SignedNote.parse(get(LOG + "checkpoint").asString()).text());
  }

  private List<NoteKey> keys() {
    List<String> keys = get(LOG + "keys").jsonPath().getList("items.vkey");
    return keys.stream().map(NoteKey::parse).toList();
  }

  private static List<TreeHash> hashes(List<String> base64) {
    return base64.stream().map(TreeHash::ofBase64).toList();
  }

  private Response get(String path) {
    return client.as(Role.AUDITOR).urlEncodingEnabled(false).get(path);
  }
}
