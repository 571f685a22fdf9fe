package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Clients of EST: curl with openssl, strongSwan's {@code pki}, and the laptop's script. Each speaks
 * to the running house as itself.
 */
final class EstClient {

  private static final Path SCRIPT = Path.of("deploy/laptop/sallyport").toAbsolutePath();
  private static final String EST = "/.well-known/est/";

  private final House house;
  private final Path dir;
  private int runs;

  EstClient(House house, Path dir) {
    this.house = house;
    this.dir = dir;
  }

  record Ran(int exit, String out, String err) {}

  /**
   * What curl saw.
   *
   * @param headers names in lower case; without those that differ by nature
   */
  record Reply(int status, Map<String, String> headers, String body, String err) {
    String header(String name) {
      return headers.get(name);
    }
  }

  String enrolment() {
    return "https://localhost:" + house.admin().getPort();
  }

  String door() {
    return "https://localhost:" + house.doorPort();
  }

  // ------------------------------------------------------------------ the laptop's script

  /** Runs it; it must succeed. */
  Ran script(String command, String input, String... more) throws Exception {
    Client.requireTool("curl", "--version");
    Client.requireTool("openssl", "version");
    List<String> line =
        new ArrayList<>(
            List.of("sh", SCRIPT.toString(), command, "--dir", dir.resolve("laptop").toString()));
    if (command.equals("enroll")) {
      line.addAll(List.of("--server", enrolment(), "--door", door(), "--ca-sha256", rootPin()));
    }
    line.addAll(List.of(more));
    Ran ran = run(input, Map.of(), line);
    assertThat(ran.exit()).as(ran.out() + ran.err()).isZero();
    return ran;
  }

  private String rootPin() throws Exception {
    Ran hash =
        run(
            "",
            Map.of(),
            List.of("openssl", "x509", "-in", house.root().toString(), "-outform", "DER"),
            dir.resolve("root.der"));
    assertThat(hash.exit()).isZero();
    return sha256(dir.resolve("root.der"));
  }

  // ------------------------------------------------------------------ openssl

  /** A new P-256 key. */
  Path newKey(String name) throws Exception {
    Path key = dir.resolve(name + runs++ + ".key");
    openssl(
        "genpkey",
        "-algorithm",
        "EC",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-out",
        key.toString());
    return key;
  }

  /** The SHA-256 of its public half, as an operator sees it. */
  String fingerprint(Path key) throws Exception {
    Path der = dir.resolve("public.der");
    openssl("pkey", "-in", key.toString(), "-pubout", "-outform", "DER", "-out", der.toString());
    return sha256(der);
  }

  private String sha256(Path file) throws Exception {
    Ran hash = run("", Map.of(), List.of("openssl", "dgst", "-sha256", "-r", file.toString()));
    return hash.out().substring(0, 64);
  }

  private Path request(Path key) throws Exception {
    Path der = dir.resolve("request" + runs++ + ".der");
    openssl(
        "req",
        "-new",
        "-sha256",
        "-key",
        key.toString(),
        "-subj",
        "/CN=anything",
        "-outform",
        "DER",
        "-out",
        der.toString());
    Path base64 = dir.resolve("request" + runs++ + ".b64");
    openssl("base64", "-in", der.toString(), "-out", base64.toString());
    return base64;
  }

  private void openssl(String... arguments) throws Exception {
    Client.requireTool("openssl", "version");
    List<String> line = new ArrayList<>(List.of("openssl"));
    line.addAll(List.of(arguments));
    Ran ran = run("", Map.of(), line);
    assertThat(ran.exit()).as(ran.err()).isZero();
  }

  // ------------------------------------------------------------------ curl

  Reply enrol(UUID device, String code, Path key) throws Exception {
    return curl(
        enrolment() + EST + "simpleenroll",
        "-u",
        device + ":" + code,
        "-H",
        "Content-Type: application/pkcs10",
        "--data-binary",
        "@" + request(key));
  }

  /** Asks without a code. */
  Reply ask(UUID device, Path key) throws Exception {
    return enrol(device, "", key);
  }

  /** A certificate for this key, by a code; curl and openssl's cms do it all. */
  Path enrolled(UUID device, Path key) throws Exception {
    Reply reply = enrol(device, house.console().newCode(device), key);
    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
    Path p7 = Files.writeString(dir.resolve("answer.b64"), reply.body() + "\n");
    Path der = dir.resolve("answer.p7");
    openssl("base64", "-d", "-A", "-in", p7.toString(), "-out", der.toString());
    Path certificate = dir.resolve("certificate" + runs++ + ".pem");
    openssl(
        "cms",
        "-cmsout",
        "-inform",
        "DER",
        "-in",
        der.toString(),
        "-certsout",
        certificate.toString(),
        "-noout");
    return certificate;
  }

  Reply renew(Path certificate, Path key, Path newKey) throws Exception {
    return post(certificate, key, "application/pkcs10", "@" + request(newKey));
  }

  Reply post(Path certificate, Path key, String type, String body) throws Exception {
    return curl(
        door() + EST + "simplereenroll",
        "--cert",
        certificate.toString(),
        "--key",
        key.toString(),
        "-H",
        "Content-Type: " + type,
        "--data-binary",
        body);
  }

  Reply get(Path certificate, Path key, String path) throws Exception {
    return curl(door() + path, "--cert", certificate.toString(), "--key", key.toString());
  }

  Reply session(Path certificate, Path key) throws Exception {
    return get(certificate, key, "/session");
  }

  /** By a file that holds both. */
  Reply session(Path identity) throws Exception {
    return session(identity, identity);
  }

  Reply anonymous(String method, String operation) throws Exception {
    return curl(
        enrolment() + EST + operation, "-X", method, "-H", "Content-Type: application/pkcs10");
  }

  private Reply curl(String url, String... options) throws Exception {
    Client.requireTool("curl", "--version");
    Path head = dir.resolve("head" + runs++);
    List<String> line =
        new ArrayList<>(
            List.of(
                "curl",
                "-sS",
                "--http1.1",
                "--max-time",
                "20",
                "--cacert",
                house.root().toString(),
                "-D",
                head.toString()));
    line.addAll(List.of(options));
    line.add(url);
    Ran ran = run("", Map.of(), line);
    if (ran.exit() != 0) {
      return new Reply(0, Map.of(), ran.out(), ran.err());
    }
    List<String> lines = Files.readAllLines(head);
    Map<String, String> headers =
        lines.stream()
            .skip(1)
            .filter(header -> header.contains(":") && !header.startsWith("date"))
            .collect(
                Collectors.toMap(
                    header -> header.substring(0, header.indexOf(':')).toLowerCase(Locale.ROOT),
                    header -> header.substring(header.indexOf(':') + 1).strip(),
                    (first, _) -> first,
                    TreeMap::new));
    return new Reply(
        Integer.parseInt(lines.getFirst().split(" ")[1]), headers, ran.out(), ran.err());
  }

  // ------------------------------------------------------------------ strongSwan's pki

  void requireStrongSwan() {
    Client.requireTool("pki", "--est", "--help");
  }

  /** How many CA certificates it learns. */
  int strongSwanCas() throws Exception {
    Ran ran =
        pki(
            "--estca",
            "--url",
            enrolment(),
            "--caout",
            dir.resolve("learnt.pem").toString(),
            "--force");
    assertThat(ran.exit()).as(ran.err()).isZero();
    try (var files = Files.list(dir)) {
      return (int) files.filter(file -> file.getFileName().toString().startsWith("learnt")).count();
    }
  }

  /** The certificate that it gets for this key. */
  Path strongSwan(String url, Path key, String... credentials) throws Exception {
    Path request = dir.resolve("request" + runs++ + ".pem");
    Ran made = pki("--req", "--type", "priv", "--in", key.toString(), "--dn", "CN=anything");
    assertThat(made.exit()).as(made.err()).isZero();
    Files.writeString(request, made.out());
    List<String> line = new ArrayList<>(List.of("--est", "--url", url, "--in", request.toString()));
    line.addAll(List.of("--cacert", house.data().resolve("ca/issuing.crt").toString()));
    line.addAll(List.of(credentials));
    Ran ran = pki(line.toArray(String[]::new));
    assertThat(ran.exit()).as(ran.err()).isZero();
    return Files.writeString(dir.resolve("certificate" + runs++ + ".pem"), ran.out());
  }

  private Ran pki(String... arguments) throws Exception {
    // It offers TLS 1.2 alone unless it is told of 1.3.
    Path settings =
        Files.writeString(dir.resolve("strongswan.conf"), "libtls {\n  version_max = 1.3\n}\n");
    List<String> line = new ArrayList<>(List.of("pki"));
    line.addAll(List.of(arguments));
    line.addAll(List.of("--outform", "pem"));
    if (!arguments[0].equals("--req")) {
      line.addAll(List.of("--cacert", house.root().toString()));
    }
    return run("", Map.of("STRONGSWAN_CONF", settings.toString()), line);
  }

  // ------------------------------------------------------------------ processes

  private Ran run(String input, Map<String, String> environment, List<String> line)
      throws Exception {
    return run(input, environment, line, dir.resolve("out" + runs++));
  }

  private Ran run(String input, Map<String, String> environment, List<String> line, Path out)
      throws Exception {
    Path in = Files.writeString(dir.resolve("in" + runs++), input);
    Path err = dir.resolve("err" + runs++);
    var builder =
        new ProcessBuilder(line)
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException(line.getFirst() + " did not end");
    }
    return new Ran(
        process.exitValue(),
        new String(Files.readAllBytes(out), StandardCharsets.ISO_8859_1),
        Files.readString(err));
  }
}
