package io.sallyport.authority;

import com.sun.management.OperatingSystemMXBean;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditSettings;
import io.sallyport.identity.Uuids;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * OCSP answers in a second and the CPU of each, Postgres counted in, HTTP not; beside it one P-256
 * signature of the same JVM, and {@code openssl ocsp} as a responder with its HTTP. The number of
 * certificates is the argument, 10,000 if nothing is said.
 */
public final class OcspBench {

  private static final int CLIENTS = 4;
  private static final Duration WARM_UP = Duration.ofSeconds(15);
  private static final Duration MEASURED = Duration.ofSeconds(15);
  private static final int OPENSSL_ANSWERS = 500;

  private final Path dir;
  private final int certificates;
  private final SecureRandom random = new SecureRandom();
  private final AuthorityMaterial authority;
  private final JcaX509CertificateHolder issuer;

  private OcspBench(int certificates) throws Exception {
    this.certificates = certificates;
    this.dir = Files.createTempDirectory("sallyport-ocsp");
    this.authority =
        DevelopmentAuthority.prepare(
            dir.resolve("data"), Clock.systemUTC(), random, List.of("localhost"));
    this.issuer = new JcaX509CertificateHolder(authority.current().certificate());
  }

  public static void main(String[] arguments) throws Exception {
    var bench = new OcspBench(arguments.length == 0 ? 10_000 : Integer.parseInt(arguments[0]));
    bench.fill();
    bench.ours();
    bench.signature();
    bench.openssl();
    System.exit(0);
  }

  private void fill() throws Exception {
    byte[] key = RevocationLists.issuerKey(authority.current().certificate());
    update(
        """
        insert into issuance (serial, issuer_key, thumbprint, device_id, profile, asked_by,
                              issued_at, not_after, crl_shard)
        select to_hex(n), ?, sha256(convert_to(n::text, 'UTF8') || ?), ?, 'laptop', 'bench',
               now(), now() + interval '30 days', 0
          from generate_series(1, ?) n
        """,
        key,
        key,
        UUID.randomUUID(),
        certificates);
    update(
        """
        insert into revocation (issuer_key, serial, issuer, reason, revoked_at, revoked_by)
        select ?, to_hex(n), 'CN=bench', 'superseded', now(), 'bench'
          from generate_series(1, ?, 10) n
        """,
        key,
        certificates);
    update("analyze issuance, revocation");
  }

  private void ours() throws Exception {
    var ids = new Uuids(Clock.systemUTC(), random);
    var responder =
        new OcspResponder(
            authority,
            pool(),
            new AuditLog(
                TestDatabase.appDataSource(),
                AuditSettings.defaults(dir.resolve("spool")),
                Clock.systemUTC(),
                random,
                ids,
                "bench",
                new SimpleMeterRegistry()),
            new OcspSettings(Duration.ofMinutes(10), Integer.MAX_VALUE),
            Clock.systemUTC(),
            random,
            ids);
    // Made before: what a client does is not counted.
    var requests = new ArrayList<byte[]>();
    for (int i = 0; i < Math.min(certificates, 1_000); i++) {
      requests.add(request(1 + random.nextInt(certificates)));
    }
    answer(responder, requests, WARM_UP);
    var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long cpu = system.getProcessCpuTime();
    Duration postgres = postgresCpu();
    int answers = answer(responder, requests, MEASURED);
    double own = (system.getProcessCpuTime() - cpu) / 1e3 / answers;
    double theirs = postgresCpu().minus(postgres).toNanos() / 1e3 / answers;
    System.out.printf(
        "Sallyport: %.0f answers/s, %.0f µs CPU each and %.0f µs of Postgres%n",
        answers / (double) MEASURED.toSeconds(), own, theirs);
  }

  private int answer(OcspResponder responder, List<byte[]> requests, Duration duration)
      throws Exception {
    var done = new AtomicInteger();
    long end = System.nanoTime() + duration.toNanos();
    try (var clients = Executors.newFixedThreadPool(CLIENTS)) {
      for (int i = 0; i < CLIENTS; i++) {
        clients.submit(
            () -> {
              while (System.nanoTime() < end) {
                check(responder.answer(requests.get(random.nextInt(requests.size()))).der());
                done.incrementAndGet();
              }
              return null;
            });
      }
    }
    return done.get();
  }

  private static void check(byte[] answer) {
    // A signed answer is longer than any error.
    if (answer.length < 100) {
      throw new IllegalStateException("no answer");
    }
  }

  private byte[] request(int serial) throws Exception {
    var id =
        new CertificateID(
            new JcaDigestCalculatorProviderBuilder().build().get(CertificateID.HASH_SHA1),
            issuer,
            BigInteger.valueOf(serial));
    return new OCSPReqBuilder().addRequest(id).build().getEncoded();
  }

  private void signature() throws Exception {
    var generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"), random);
    var key = generator.generateKeyPair().getPrivate();
    byte[] text = new byte[300];
    int count = 0;
    var threads = ManagementFactory.getThreadMXBean();
    long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
    long cpu = threads.getCurrentThreadCpuTime();
    while (System.nanoTime() < end) {
      var signer = Signature.getInstance("SHA256withECDSA");
      signer.initSign(key, random);
      signer.update(text);
      signer.sign();
      count++;
    }
    System.out.printf(
        "one signature of this JVM: %.0f µs CPU%n",
        (threads.getCurrentThreadCpuTime() - cpu) / 1e3 / count);
  }

  private void openssl() throws Exception {
    Path index = dir.resolve("index.txt");
    try (var out = Files.newBufferedWriter(index)) {
      for (int i = 1; i <= certificates; i++) {
        String hex = Integer.toHexString(i).toUpperCase(java.util.Locale.ROOT);
        out.write(
            "V\t401231235959Z\t\t%s\tunknown\t/CN=device %d%n"
                .formatted(hex.length() % 2 == 0 ? hex : "0" + hex, i));
      }
    }
    X509Certificate ca = authority.current().certificate();
    int port;
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
    Process server =
        new ProcessBuilder(
                "openssl",
                "ocsp",
                "-port",
                String.valueOf(port),
                "-index",
                index.toString(),
                "-CA",
                dir.resolve("data/ca/issuing.crt").toString(),
                "-rsigner",
                dir.resolve("data/ca/issuing.crt").toString(),
                "-rkey",
                dir.resolve("data/ca/issuing.key").toString(),
                "-ignore_err")
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("openssl.log").toFile())
            .start();
    try (var http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      var uri = URI.create("http://127.0.0.1:" + port + "/");
      ask(http, uri, 100);
      Duration cpu = server.info().totalCpuDuration().orElseThrow();
      long started = System.nanoTime();
      ask(http, uri, OPENSSL_ANSWERS);
      double seconds = (System.nanoTime() - started) / 1e9;
      Duration used = server.info().totalCpuDuration().orElseThrow().minus(cpu);
      System.out.printf(
          "openssl ocsp: %.0f answers/s, %.0f µs CPU each (%s)%n",
          OPENSSL_ANSWERS / seconds, used.toNanos() / 1e3 / OPENSSL_ANSWERS, ca.getSigAlgName());
    } finally {
      server.destroy();
    }
  }

  private void ask(HttpClient http, URI uri, int count) throws Exception {
    Instant giveUp = Instant.now().plusSeconds(20);
    for (int i = 0; i < count; i++) {
      try {
        check(
            http.send(
                    HttpRequest.newBuilder(uri)
                        .header("Content-Type", "application/ocsp-request")
                        .POST(
                            HttpRequest.BodyPublishers.ofByteArray(
                                request(1 + random.nextInt(certificates))))
                        .build(),
                    BodyHandlers.ofByteArray())
                .body());
      } catch (java.io.IOException e) {
        // It reads its index first.
        if (Instant.now().isAfter(giveUp)) {
          throw e;
        }
        i--;
      }
    }
  }

  /** Of the server processes of this run: their titles name the database, it names this process. */
  private static Duration postgresCpu() {
    return ProcessHandle.allProcesses()
        .filter(
            process -> title(process).contains("sallyport_test_" + ProcessHandle.current().pid()))
        .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
        .reduce(Duration.ZERO, Duration::plus);
  }

  private static String title(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
    } catch (java.io.IOException e) {
      return "";
    }
  }

  /** As a pool does: the connections stay open. */
  private static DataSource pool() throws SQLException {
    var free = new ArrayBlockingQueue<Connection>(CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
      free.add(TestDatabase.appDataSource().getConnection());
    }
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (_, _, _) -> {
              Connection connection = free.take();
              return Proxy.newProxyInstance(
                  Connection.class.getClassLoader(),
                  new Class<?>[] {Connection.class},
                  (_, method, arguments) ->
                      method.getName().equals("close")
                          ? free.add(connection) ? null : null
                          : method.invoke(connection, arguments));
            });
  }

  private static void update(String sql, Object... parameters) throws SQLException {
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      statement.executeUpdate();
    }
  }
}
