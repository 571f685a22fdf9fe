package io.sallyport.journey;

import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A proxy of Debian's, run with its configuration of {@code deploy/proxies}. */
final class ReverseProxy implements AutoCloseable {

  private static final Path SAMPLES = Path.of("deploy/proxies");

  /** The programs. */
  enum Program {
    NGINX("nginx", "-v"),
    HAPROXY("haproxy", "-v"),
    CADDY("caddy", "version");

    private final String command;
    private final String version;

    Program(String command, String version) {
      this.command = command;
      this.version = version;
    }

    private String binary() {
      // Not on everybody's path.
      String inSbin = "/usr/sbin/" + command;
      return Files.isExecutable(Path.of(inSbin)) ? inSbin : command;
    }
  }

  /**
   * What a proxy needs to know.
   *
   * @param sallyport host and port of its TLS port
   * @param trusted PEM of the CAs of devices and of Sallyport
   * @param certificate PEM of the proxy's own
   */
  record Setting(
      String sallyport,
      String app,
      String api,
      String tokenForApp,
      String tokenForApi,
      String trusted,
      String certificate,
      String key) {}

  private final Process process;
  private final int port;
  private final Path log;

  private ReverseProxy(Process process, int port, Path log) {
    this.process = process;
    this.port = port;
    this.log = log;
  }

  /** Starts it and waits until it listens; skips the test where the program is missing. */
  static ReverseProxy start(Program program, Setting setting) throws IOException {
    Client.requireTool(program.binary(), program.version);
    Path folder =
        Files.createTempDirectory(
            program.command,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    int port = freePort();
    Files.writeString(folder.resolve("ca.pem"), setting.trusted());
    Files.writeString(folder.resolve("server.crt"), setting.certificate());
    Files.writeString(folder.resolve("server.key"), setting.key());
    Files.writeString(folder.resolve("server.pem"), setting.certificate() + setting.key());
    try (var samples = Files.list(SAMPLES.resolve(program.command))) {
      for (Path sample : samples.toList()) {
        Files.copy(
            sample, folder.resolve(sample.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    switch (program) {
      case NGINX -> fillIn(folder, port, setting);
      case CADDY -> splitTrusted(folder, setting.trusted());
      case HAPROXY -> {
        // Reads its environment.
      }
    }
    Path log = folder.resolve("output.log");
    ProcessBuilder builder =
        new ProcessBuilder(command(program, folder))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(log.toFile());
    builder.environment().putAll(environment(program, folder, port, setting));
    ReverseProxy proxy = new ReverseProxy(builder.start(), port, log);
    try {
      await()
          .atMost(Duration.ofSeconds(30))
          .pollInterval(Duration.ofMillis(50))
          .until(() -> !proxy.process.isAlive() || listens(port));
      if (!proxy.process.isAlive()) {
        throw new IllegalStateException(program + " did not start: " + proxy.log());
      }
      return proxy;
    } catch (RuntimeException e) {
      proxy.close();
      throw e;
    }
  }

  private static List<String> command(Program program, Path folder) {
    return switch (program) {
      case NGINX ->
          List.of(
              program.binary(),
              "-p",
              folder.toString(),
              "-c",
              "nginx.conf",
              "-g",
              "daemon off; master_process off;");
      case HAPROXY ->
          List.of(program.binary(), "-db", "-f", folder.resolve("haproxy.cfg").toString());
      case CADDY ->
          List.of(
              program.binary(),
              "run",
              "--adapter",
              "caddyfile",
              "--config",
              folder.resolve("Caddyfile").toString());
    };
  }

  private static Map<String, String> environment(
      Program program, Path folder, int port, Setting setting) throws IOException {
    return Map.ofEntries(
        Map.entry("CONFIG", folder.toString()),
        Map.entry(
            "LISTEN", program == Program.HAPROXY ? "127.0.0.1:" + port : Integer.toString(port)),
        Map.entry("SALLYPORT", setting.sallyport()),
        Map.entry("SALLYPORT_NAME", "localhost"),
        Map.entry("SALLYPORT_TOKEN_APP", setting.tokenForApp()),
        Map.entry("SALLYPORT_TOKEN_API", setting.tokenForApi()),
        Map.entry("SALLYPORT_AUTHZ", "127.0.0.1:" + freePort()),
        Map.entry("APP", setting.app()),
        Map.entry("API", setting.api()),
        Map.entry("HOME", folder.toString()),
        Map.entry("XDG_DATA_HOME", folder.toString()),
        Map.entry("XDG_CONFIG_HOME", folder.toString()));
  }

  // nginx reads no environment.
  private static void fillIn(Path folder, int port, Setting setting) throws IOException {
    String line = "proxy_set_header Proxy-Authorization \"Bearer %s\";%n";
    Files.writeString(folder.resolve("token-app.conf"), line.formatted(setting.tokenForApp()));
    Files.writeString(folder.resolve("token-api.conf"), line.formatted(setting.tokenForApi()));
    Path main = folder.resolve("nginx.conf");
    Files.writeString(
        main,
        Files.readString(main)
            .replace("@SALLYPORT@", setting.sallyport())
            .replace("@SALLYPORT_NAME@", "localhost")
            .replace("@APP@", setting.app())
            .replace("@API@", setting.api())
            .replace("@LISTEN@", "127.0.0.1:" + port)
            .replace("@FOLDER@", folder.toString()));
  }

  // Caddy takes the first certificate of a file and no more.
  private static void splitTrusted(Path folder, String trusted) throws IOException {
    StringBuilder lines = new StringBuilder();
    int number = 0;
    for (String certificate : trusted.split("(?=-----BEGIN CERTIFICATE-----)")) {
      String name = "devices-ca-" + number++ + ".pem";
      Files.writeString(folder.resolve(name), certificate);
      lines.append("trusted_ca_cert_file {$CONFIG}/").append(name).append('\n');
    }
    Path main = folder.resolve("Caddyfile");
    Files.writeString(
        main,
        Files.readString(main)
            .replace("trusted_ca_cert_file {$CONFIG}/devices-ca.pem\n", lines.toString()));
  }

  int port() {
    return port;
  }

  /** What the program wrote. */
  String log() throws IOException {
    return Files.readString(log);
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
