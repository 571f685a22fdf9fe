package io.sallyport.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The PostgreSQL that runs on a cluster's folder, whoever started it. */
record Postmaster(ProcessHandle process, int port) {

  /** As its own pid file says, if that process lives and is one. */
  static Optional<Postmaster> on(Path cluster) throws IOException {
    try {
      List<String> lines = Files.readAllLines(cluster.resolve("postmaster.pid"));
      return ProcessHandle.of(Long.parseLong(lines.getFirst().strip()))
          .filter(ProcessHandle::isAlive)
          .filter(process -> process.info().command().orElse("").endsWith("/postgres"))
          .map(process -> new Postmaster(process, Integer.parseInt(lines.get(3).strip())));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Stops the postmaster and all its backends in their tracks; connections stay open. */
  void freeze() throws Exception {
    signal("STOP", process);
    process.descendants().forEach(backend -> signal("STOP", backend));
  }

  void thaw() {
    process.descendants().forEach(backend -> signal("CONT", backend));
    signal("CONT", process);
  }

  /** As kill -9 does; the backends find out by themselves. */
  void kill() throws Exception {
    List<ProcessHandle> all = Stream.concat(Stream.of(process), process.descendants()).toList();
    process.destroyForcibly();
    for (ProcessHandle each : all) {
      each.onExit().get(30, TimeUnit.SECONDS);
    }
  }

  private static void signal(String name, ProcessHandle process) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
