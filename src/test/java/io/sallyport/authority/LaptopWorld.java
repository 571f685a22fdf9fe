package io.sallyport.authority;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.sallyport.identity.DeviceId;
import io.sallyport.registry.DeviceKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;

/**
 * A laptop's folder and the two servers it talks to: one for enrolment that issues real
 * certificates, and a door that demands them and says what the test told it to say.
 */
final class LaptopWorld implements AutoCloseable {

  private static final Path SCRIPT = Path.of("deploy/laptop/sallyport").toAbsolutePath();
  private static final char[] NO_PASSWORD = {};

  record Answer(int status, String type, Map<String, String> headers, String body) {
    static Answer json(String body) {
      return new Answer(200, "application/json", Map.of(), body);
    }

    static Answer problem(int status, String body, String... header) {
      return new Answer(
          status,
          "application/problem+json",
          header.length == 0 ? Map.of() : Map.of(header[0], header[1]),
          body);
    }
  }

  record Run(int exit, String output) {}

  /** Looks around while a request is being served. */
  interface Witness {
    void see(HttpExchange exchange) throws Exception;
  }

  // Real TLS clients judge by the real time.
  final Clock clock = Clock.systemUTC();
  final SecureRandom random = new SecureRandom();
  final Path home;
  final Path data;
  final AuthorityMaterial authority;
  final EnrolmentCode code = EnrolmentCode.random(random);
  final String device = "01a20846-fe00-7af2-8f55-12d1eef1a05e";
  final AtomicReference<Answer> doorAnswer = new AtomicReference<>(Answer.json("{}"));
  final AtomicReference<Answer> enrolmentRefusal = new AtomicReference<>();
  final AtomicReference<Witness> witness = new AtomicReference<>(_ -> {});
  final AtomicReference<Answer> renewalRefusal = new AtomicReference<>();

  /** What time it is when a certificate is issued. */
  final AtomicReference<Clock> issuingClock = new AtomicReference<>(clock);

  final List<byte[]> keysSeen = new ArrayList<>();
  final List<String> credentialsSeen = new ArrayList<>();
  final List<String> doorRequests = new ArrayList<>();

  private final AtomicReference<List<X509Certificate>> shown = new AtomicReference<>();
  private final HttpsServer enrolment;
  private final HttpsServer door;
  private final List<Process> processes = new ArrayList<>();

  LaptopWorld(Path dir) throws Exception {
    this.home = dir.resolve("laptop");
    this.data = dir.resolve("data");
    // Older than the certificates of earlier days that tests ask it for; the second call renews
    // what real clients would find ended.
    DevelopmentAuthority.prepare(
        data, Clock.offset(clock, Duration.ofDays(-60)), random, List.of("127.0.0.1"));
    this.authority = DevelopmentAuthority.prepare(data, clock, random, List.of("127.0.0.1"));
    shown.set(authority.caCertificates());
    this.enrolment = server(false);
    enrolment.createContext(
        "/.well-known/est/cacerts", exchange -> certsOnly(exchange, shown.get()));
    enrolment.createContext("/.well-known/est/simpleenroll", this::enroll);
    enrolment.start();
    this.door = server(true);
    door.createContext("/", this::atTheDoor);
    door.createContext("/.well-known/est/simplereenroll", this::renew);
    door.start();
  }

  String server() {
    return "https://127.0.0.1:" + enrolment.getAddress().getPort();
  }

  String door() {
    return "https://127.0.0.1:" + door.getAddress().getPort();
  }

  /** Runs the script; {@code input} is what is typed. */
  Run sallyport(String shell, String input, String... arguments) throws Exception {
    var command = new ArrayList<>(List.of(shell, SCRIPT.toString()));
    command.addAll(List.of(arguments));
    command.addAll(List.of("--dir", home.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (var stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.US_ASCII));
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("the script did not end: " + output);
    }
    return new Run(process.exitValue(), output);
  }

  Run enrollWith(String pin, String... more) throws Exception {
    var arguments =
        Stream.concat(
            Stream.of(
                "enroll",
                "--server",
                server(),
                "--door",
                door(),
                "--device",
                device,
                "--ca-sha256",
                pin),
            Stream.of(more));
    return sallyport("sh", code.reveal() + "\n", arguments.toArray(String[]::new));
  }

  Run enroll(String... more) throws Exception {
    return enrollWith(authority.rootSha256(), more);
  }

  /** Makes the script's door another one: {@code openssl s_server}, which names its alerts. */
  void doorOfOpenSsl(String... options) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                "openssl",
                "s_server",
                "-accept",
                "127.0.0.1:0",
                "-www",
                "-cert",
                data.resolve("tls/server.crt").toString(),
                "-cert_chain",
                data.resolve("ca/issuing.crt").toString(),
                "-key",
                data.resolve("tls/server.key").toString()));
    command.addAll(List.of(options));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    processes.add(process);
    var output = process.inputReader();
    String line = output.readLine();
    while (line != null && !line.startsWith("ACCEPT")) {
      line = output.readLine();
    }
    if (line == null) {
      throw new IllegalStateException("openssl s_server did not start");
    }
    Path config = home.resolve("config");
    String port = line.substring(line.lastIndexOf(':') + 1).strip();
    Files.writeString(
        config, Files.readString(config).replaceFirst("door=.*", "door=https://127.0.0.1:" + port));
  }

  /** From now on this server shows the CA certificates of another, as an impostor would. */
  void showCertificatesOf(LaptopWorld other) {
    shown.set(other.authority.caCertificates());
  }

  private HttpsServer server(boolean clientCertificate) throws Exception {
    var context = SSLContext.getInstance("TLS");
    var keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    keys.setKeyEntry(
        "server",
        Pem.privateKey(Files.readAllBytes(data.resolve("tls/server.key"))),
        NO_PASSWORD,
        Pem.certificates(Files.readAllBytes(data.resolve("tls/server.crt")))
            .toArray(X509Certificate[]::new));
    keys.setCertificateEntry("root", authority.root());
    keys.setCertificateEntry("issuing", authority.current().certificate());
    var keyManagers = KeyManagerFactory.getInstance("PKIX");
    keyManagers.init(keys, NO_PASSWORD);
    var trustManagers = TrustManagerFactory.getInstance("PKIX");
    trustManagers.init(keys);
    context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), random);
    var server =
        HttpsServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    server.setHttpsConfigurator(
        new HttpsConfigurator(context) {
          @Override
          public void configure(HttpsParameters parameters) {
            SSLParameters ssl = getSSLContext().getDefaultSSLParameters();
            ssl.setNeedClientAuth(clientCertificate);
            parameters.setSSLParameters(ssl);
          }
        });
    return server;
  }

  private void enroll(HttpExchange exchange) throws IOException {
    try {
      witness.get().see(exchange);
      byte[] body = exchange.getRequestBody().readAllBytes();
      var credentials =
          BasicCredentials.parse(exchange.getRequestHeaders().getFirst("Authorization"))
              .orElseThrow();
      credentialsSeen.add(credentials.user() + ":" + credentials.password());
      VerifiedCsr csr = CsrReader.read(body);
      keysSeen.add(csr.keyHash());
      if (enrolmentRefusal.get() != null) {
        send(exchange, enrolmentRefusal.get());
        return;
      }
      certsOnly(exchange, List.of(issued(csr)));
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private void renew(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    try {
      VerifiedCsr csr = CsrReader.read(body);
      keysSeen.add(csr.keyHash());
      if (renewalRefusal.get() != null) {
        send(exchange, renewalRefusal.get());
        return;
      }
      certsOnly(exchange, List.of(issued(csr)));
    } catch (CsrException e) {
      throw new IOException(e);
    }
  }

  private X509Certificate issued(VerifiedCsr csr) {
    var settings =
        new AuthoritySettings(
            URI.create("http://pki.example.com"), Duration.ofDays(30), Duration.ofHours(24));
    var request =
        new IssuanceRequest(DeviceId.parse(device), "Ada's laptop", DeviceKind.LAPTOP, csr);
    return new CertificateIssuer(authority, settings, issuingClock.get(), random)
        .issue(request)
        .leaf();
  }

  private void atTheDoor(HttpExchange exchange) throws IOException {
    doorRequests.add(
        exchange.getRequestMethod()
            + " "
            + exchange.getRequestURI()
            + " "
            + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.US_ASCII));
    send(exchange, doorAnswer.get());
  }

  private static void certsOnly(HttpExchange exchange, List<X509Certificate> certificates)
      throws IOException {
    String body = new String(CertsOnly.base64(certificates), StandardCharsets.US_ASCII);
    send(
        exchange, new Answer(200, "application/pkcs7-mime; smime-type=certs-only", Map.of(), body));
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    try (exchange) {
      byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", answer.type());
      answer.headers().forEach(exchange.getResponseHeaders()::set);
      exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    processes.forEach(Process::destroyForcibly);
    enrolment.stop(0);
    door.stop(0);
  }
}
