package io.sallyport.journey;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A device's request by curl to what lies behind a proxy.
 *
 * @param reason what {@code X-Sallyport-Reason} said
 * @param body null where it is no JSON object
 */
record Visit(int exit, int status, String reason, JsonNode body, String err) {

  /** Starts a request whose answer's body goes to {@code body}. */
  static Process start(
      ReverseProxy proxy,
      String host,
      Laptop device,
      String token,
      Path body,
      List<String> more,
      Path out,
      Path err)
      throws IOException {
    Client.requireTool("curl", "--version");
    Path root = Files.createTempFile("servers", ".pem");
    root.toFile().deleteOnExit();
    Files.writeString(root, ProxyWorld.SERVERS.pem());
    List<String> command =
        new ArrayList<>(
            List.of(
                "curl",
                "-sS",
                "--max-time",
                "60",
                "--cacert",
                root.toString(),
                "--resolve",
                host + ":" + proxy.port() + ":127.0.0.1",
                "-o",
                body.toString(),
                "-w",
                "%{http_code} %header{x-sallyport-reason}"));
    if (device != null) {
      command.addAll(
          List.of(
              "--cert", device.certificateFile().toString(), "--key", device.keyFile().toString()));
    }
    if (token != null) {
      command.addAll(List.of("-H", "Authorization: Bearer " + token));
    }
    List<String> options = new ArrayList<>(more);
    String path = options.removeFirst();
    command.addAll(options);
    command.add("https://" + host + ":" + proxy.port() + path);
    return new ProcessBuilder(command)
        .redirectError(err.toFile())
        .redirectOutput(out.toFile())
        .start();
  }

  /**
   * @param more the path, then options of curl
   */
  static Visit to(ReverseProxy proxy, String host, Laptop device, String token, String... more)
      throws Exception {
    Path body = Files.createTempFile("visit", ".body");
    Path out = Files.createTempFile("visit", ".out");
    Path err = Files.createTempFile("visit", ".err");
    Process curl = start(proxy, host, device, token, body, List.of(more), out, err);
    if (!curl.waitFor(60, TimeUnit.SECONDS)) {
      curl.destroyForcibly().waitFor();
    }
    String[] seen = (Files.readString(out).strip() + " ").split(" ", 2);
    Visit visit =
        new Visit(
            curl.exitValue(),
            seen[0].isEmpty() ? 0 : Integer.parseInt(seen[0]),
            seen[1].strip(),
            Console.json(Files.readString(body)),
            Files.readString(err));
    for (Path file : List.of(body, out, err)) {
      Files.delete(file);
    }
    return visit;
  }
}
