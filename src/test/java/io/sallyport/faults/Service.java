package io.sallyport.faults;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The packaged service as a process, on ports and a data folder of its own. Closing it ends
 * whatever is left of it, the database too; so does the end of the tests' JVM.
 */
final class Service implements AutoCloseable {

  /** Where data folders and logs go. On disk: what is measured here is durability. */
  static final Path FOLDER = Path.of("target", "faults").toAbsolutePath();

  private static final Duration START = Duration.ofSeconds(90);
  private static final Set<Service> OPEN = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> List.copyOf(OPEN).forEach(Service::end)));
  }

  private final String name;
  private final Path data;
  private final boolean ownsData;
  private final Path log;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final HttpClient health = HttpClient.newHttpClient();
  private final int plainPort = freePort();
  private final int adminPort = freePort();
  private final int managementPort = freePort();
  private final int doorPort = freePort();

  private Process process;

  private Service(String name, Path data, boolean ownsData) {
    this.name = name;
    this.data = data;
    this.ownsData = ownsData;
    this.log = FOLDER.resolve(name + ".log");
    set("sallyport.data", data.toString());
    set("sallyport.issuer", "https://localhost:9443");
    set("quarkus.http.port", Integer.toString(plainPort));
    set("quarkus.http.ssl-port", Integer.toString(adminPort));
    set("quarkus.management.port", Integer.toString(managementPort));
    set("sallyport.door.https.port", Integer.toString(doorPort));
    // A few devices make the load of many here.
    set("sallyport.limit.device-rate", "1000000");
    set("sallyport.limit.device-burst", "1000000");
  }

  /** Not started yet; its data folder is empty. */
  static Service fresh(String name) {
    Service service = new Service(name, FOLDER.resolve(name), true);
    delete(service.data);
    delete(service.log);
    try {
      Files.createDirectories(service.data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return service;
  }

  /**
   * Another one on the data folder of {@code other}, with ports and a log of its own; it leaves the
   * data alone.
   */
  static Service besides(Service other, String name) {
    Service service = new Service(name, other.data, false);
    delete(service.log);
    return service;
  }

  Service set(String key, String value) {
    settings.put(key, value);
    return this;
  }

  /** Starts the process and returns once it is ready. */
  Service start() {
    launch();
    await(name + " is ready, see " + log)
        .atMost(START)
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> {
              if (!process.isAlive()) {
                throw new IllegalStateException(
                    name + " ended with " + process.exitValue() + ":\n" + Files.readString(log));
              }
              return isReady();
            });
    return this;
  }

  Process launch() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Half of the tests' time is start-up, on a machine with few cores.
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.add("--enable-native-access=ALL-UNNAMED");
    settings.forEach((key, value) -> command.add("-D" + key + "=" + value));
    command.addAll(List.of("-jar", System.getProperty("sallyport.jar")));
    try {
      Files.createDirectories(FOLDER);
      OPEN.add(this);
      process =
          new ProcessBuilder(command)
              .directory(FOLDER.toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      return process;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** kill -9, and gone. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /**
   * SIGTERM.
   *
   * @return how long it took to end
   */
  Duration terminate() throws InterruptedException {
    long begun = System.nanoTime();
    process.destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new IllegalStateException(name + " does not end, see " + log);
    }
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  /** SIGTERM, without waiting for the end. */
  Process askToEnd() {
    process.destroy();
    return process;
  }

  boolean isReady() {
    return health("ready") == 200;
  }

  boolean isLive() {
    return health("live") == 200;
  }

  /** The status of a health endpoint; 0 if nobody answers. */
  int health(String kind) {
    var request =
        HttpRequest.newBuilder(
                URI.create("http://localhost:" + managementPort + "/q/health/" + kind))
            .timeout(Duration.ofSeconds(15))
            .build();
    try {
      return health.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  int plainPort() {
    return plainPort;
  }

  int adminPort() {
    return adminPort;
  }

  int doorPort() {
    return doorPort;
  }

  Path data() {
    return data;
  }

  Path cluster() {
    return data.resolve("postgres").resolve("cluster");
  }

  Optional<Postmaster> postmaster() throws IOException {
    return Postmaster.on(cluster());
  }

  String output() throws IOException {
    return Files.readString(log);
  }

  X509Certificate root() throws Exception {
    try (var in = Files.newInputStream(data.resolve("ca/root.crt"))) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }

  String operatorPassword() throws IOException {
    return Files.readString(data.resolve("initial-operator-password")).strip();
  }

  /** The operator {@code admin}, by password. */
  Rest admin() throws Exception {
    return Rest.of(root(), adminPort, "Basic " + Rest.base64("admin:" + operatorPassword()));
  }

  /** Ends what is left and removes the data; the log stays for whoever asks why. */
  @Override
  public void close() {
    end();
    OPEN.remove(this);
    if (ownsData) {
      delete(data);
    }
  }

  private void end() {
    try {
      if (process != null) {
        process.destroyForcibly().waitFor();
      }
      if (!ownsData) {
        return;
      }
      Optional<Postmaster> postmaster = postmaster();
      if (postmaster.isPresent()) {
        postmaster.get().thaw();
        postmaster.get().kill();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      throw new IllegalStateException("something of " + name + " is left running", e);
    }
  }

  static void delete(Path path) {
    if (!Files.exists(path)) {
      return;
    }
    try (var all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
