package io.sallyport.audit.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against Debian's rsyslog with GnuTLS, and against receivers that misbehave. */
class SyslogDeliveryTest {

  private static final Instant AT = Instant.parse("2026-11-23T12:00:00.123456Z");
  private static final Path RSYSLOGD = Path.of("/usr/sbin/rsyslogd");

  @TempDir Path folder;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private Process rsyslog;
  private String ca;

  @BeforeEach
  void certificates() throws Exception {
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=collectors");
    Files.writeString(folder.resolve("san"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout log.key -out log.csr -subj /CN=localhost");
    openssl("x509 -req -in log.csr -CA ca.crt -CAkey ca.key -days 2 -extfile san -out log.crt");
    ca = Files.readString(folder.resolve("ca.crt"));
  }

  @AfterEach
  void stop() throws Exception {
    threads.shutdownNow();
    if (rsyslog != null) {
      rsyslog.destroy();
      rsyslog.waitFor(10, TimeUnit.SECONDS);
      rsyslog.destroyForcibly();
    }
  }

  @Test
  void rsyslogTakesEveryItemInOrder() throws Exception {
    int port = startRsyslog();
    var delivery = delivery(port, ca);
    await().atMost(Duration.ofSeconds(20)).until(() -> delivers(delivery, items(0, 1)));
    delivery.deliver(items(1, 200));
    delivery.deliver(items(200, 300));
    Path file = folder.resolve("messages");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> Files.exists(file) && Files.readAllLines(file).size() >= 300);
    List<String> lines = Files.readAllLines(file);
    assertThat(lines)
        .isEqualTo(
            items(0, 300).stream()
                .map(
                    item ->
                        "audit 5 2026-11-23T12:00:00.123456Z replica_1 sallyport decision "
                            + item.body())
                .toList());
  }

  @Test
  void sendsNothingToAReceiverThatNobodyVouchesFor() throws Exception {
    int port = startRsyslog();
    await().atMost(Duration.ofSeconds(20)).until(() -> delivers(delivery(port, ca), items(0, 1)));
    assertThatThrownBy(() -> delivery(port, null).deliver(items(0, 1)))
        .isInstanceOf(IOException.class);
  }

  @Test
  void doesNotWaitForAReceiverThatHangs() throws Exception {
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      var held = new ArrayList<Socket>();
      threads.execute(
          () -> {
            try {
              held.add(server.accept());
            } catch (IOException e) {
              // The test is over.
            }
          });
      assertThatThrownBy(() -> delivery(server.getLocalPort(), ca).deliver(items(0, 1)))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void aReceiverThatResetsTheConnectionHasTakenNothing() throws Exception {
    try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      threads.execute(
          () -> {
            try (var socket = server.accept()) {
              socket.setSoLinger(true, 0);
            } catch (IOException e) {
              // The test is over.
            }
          });
      assertThatThrownBy(() -> delivery(server.getLocalPort(), ca).deliver(items(0, 1)))
          .isInstanceOf(IOException.class);
    }
  }

  private static boolean delivers(SyslogDelivery delivery, List<SinkItem> items) {
    try {
      delivery.deliver(items);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static SyslogDelivery delivery(int port, String ca) {
    return new SyslogDelivery(
        "127.0.0.1", port, Destination.tls(ca), Duration.ofSeconds(5), "replica 1");
  }

  private static List<SinkItem> items(int from, int to) {
    var items = new ArrayList<SinkItem>();
    for (int i = from; i < to; i++) {
      items.add(new SinkItem(i, AT, 5, "decision", "{\"logIndex\":" + i + ",\"name\":\"Zoë\"}"));
    }
    return items;
  }

  private int startRsyslog() throws Exception {
    assumeTrue(Files.isExecutable(RSYSLOGD), "rsyslog is not installed");
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path configuration = folder.resolve("rsyslog.conf");
    Files.writeString(
        configuration,
        """
        global(workDirectory="%1$s" defaultNetstreamDriver="gtls"
               defaultNetstreamDriverCAFile="%1$s/ca.crt" defaultNetstreamDriverCertFile="%1$s/log.crt"
               defaultNetstreamDriverKeyFile="%1$s/log.key" parser.escapeControlCharactersOnReceive="off")
        module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
        input(type="imtcp" address="127.0.0.1" port="%2$d")
        template(name="line" type="string"
                 string="%%syslogfacility-text%% %%syslogseverity%% %%timestamp:::date-rfc3339%% %%hostname%% %%app-name%% %%msgid%% %%msg:::drop-last-lf%%\\n")
        action(type="omfile" file="%1$s/messages" template="line")
        """
            .formatted(folder, port));
    rsyslog =
        new ProcessBuilder(
                RSYSLOGD.toString(),
                "-n",
                "-f",
                configuration.toString(),
                "-i",
                folder.resolve("pid").toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("rsyslog.out").toFile())
            .start();
    return port;
  }

  private void openssl(String arguments) throws Exception {
    var command = new ArrayList<String>();
    command.add("openssl");
    command.addAll(List.of(arguments.split(" ")));
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("openssl.out").toFile())
            .start();
    assertThat(process.waitFor()).as(arguments).isZero();
  }
}
