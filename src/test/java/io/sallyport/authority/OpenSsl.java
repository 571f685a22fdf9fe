package io.sallyport.authority;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs the machine's openssl: a second opinion by other people's code. */
final class OpenSsl {

  private OpenSsl() {}

  record Result(int exit, String output) {}

  static Result run(String... arguments) throws Exception {
    var command = Stream.concat(Stream.of("openssl"), Stream.of(arguments)).toList();
    return start(command);
  }

  private static Result start(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IllegalStateException("openssl did not end: " + command);
    }
    return new Result(process.exitValue(), output);
  }
}
