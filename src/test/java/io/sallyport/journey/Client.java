package io.sallyport.journey;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/** Runs clients that are programs of their own. */
final class Client {

  private static final Pattern ALERT = Pattern.compile("SSL alert number (\\d+)");
  private static final long LIMIT_SECONDS = 30;

  private Client() {}

  /**
   * How a client ended.
   *
   * @param port what it was bound to
   */
  record Ran(int exit, String out, String err, int port) {

    /** The number of the TLS alert that it reported, if any. */
    OptionalInt alert() {
      Matcher matcher = ALERT.matcher(err + out);
      return matcher.find()
          ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
          : OptionalInt.empty();
    }

    String all() {
      return "exit " + exit + "\n" + out + "\n" + err;
    }
  }

  /** What curl saw; {@code status} is 0 if it got no answer. */
  record Curled(int exit, int status, String httpVersion, int port, String body, String err) {}

  /** {@code openssl s_client} that asks for {@code /session} and reads until the door closes. */
  static Ran openssl(House house, Laptop laptop, String... options) {
    return openssl(house, laptop, List.of(options));
  }

  static Ran openssl(House house, Laptop laptop, List<String> options) {
    requireTool("openssl", "version");
    int port = freePort();
    List<String> command =
        new ArrayList<>(
            List.of(
                "openssl",
                "s_client",
                "-connect",
                "127.0.0.1:" + house.doorPort(),
                "-bind",
                "127.0.0.1:" + port,
                "-CAfile",
                house.root().toString(),
                "-verify_return_error",
                "-ign_eof"));
    if (laptop != null) {
      command.addAll(
          List.of(
              "-cert", laptop.certificateFile().toString(), "-key", laptop.keyFile().toString()));
    }
    command.addAll(options);
    return run("GET /session HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", port, command);
  }

  static Curled curl(House house, Laptop laptop, String path, String... options) {
    requireTool("curl", "--version");
    try {
      Path body = Files.createTempFile("curl", ".body");
      List<String> command =
          new ArrayList<>(
              List.of(
                  "curl",
                  "-sS",
                  "--max-time",
                  "20",
                  "--cacert",
                  house.root().toString(),
                  "-o",
                  body.toString(),
                  "-w",
                  "%{http_code} %{http_version} %{local_port}"));
      if (laptop != null) {
        command.addAll(
            List.of(
                "--cert",
                laptop.certificateFile().toString(),
                "--key",
                laptop.keyFile().toString()));
      }
      command.addAll(List.of(options));
      command.add("https://127.0.0.1:" + house.doorPort() + path);
      Ran ran = run("", 0, command);
      String[] seen = ran.out().strip().split(" ");
      String text = Files.readString(body);
      Files.delete(body);
      return new Curled(
          ran.exit(),
          Integer.parseInt(seen[0]),
          seen[1],
          Integer.parseInt(seen[2]),
          text,
          ran.err());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Ran run(String input, int port, List<String> command) {
    try {
      File in = Files.createTempFile("client", ".in").toFile();
      File out = Files.createTempFile("client", ".out").toFile();
      File err = Files.createTempFile("client", ".err").toFile();
      Files.writeString(in.toPath(), input);
      Process process =
          new ProcessBuilder(command)
              .redirectInput(in)
              .redirectOutput(out)
              .redirectError(err)
              .start();
      int exit;
      if (process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        exit = process.exitValue();
      } else {
        process.destroyForcibly().waitFor();
        exit = -1;
      }
      Ran ran = new Ran(exit, Files.readString(out.toPath()), Files.readString(err.toPath()), port);
      for (File file : List.of(in, out, err)) {
        Files.delete(file.toPath());
      }
      return ran;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static void requireTool(String... command) {
    try {
      new ProcessBuilder(command).redirectErrorStream(true).start().getInputStream().readAllBytes();
    } catch (IOException e) {
      System.out.println("SKIPPED: this machine has no " + command[0]);
      Assumptions.abort("this machine has no " + command[0]);
    }
  }

  private static int freePort() {
    try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
