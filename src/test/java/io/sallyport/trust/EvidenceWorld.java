package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.TestDatabase;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditSettings;
import io.sallyport.boot.VertxFetcher;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.Uuids;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;

/** An outside CA with an anchor of its own in the database, its web server, and one replica. */
final class EvidenceWorld implements AutoCloseable {

  /** Stands still until told otherwise. */
  static final class StandingClock extends Clock {
    volatile Instant now = NOW;

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  }

  private static final long MAX_LIST = Long.getLong("sallyport.test.max-list", 8 * 1024 * 1024);

  static final int FETCHERS = 16;

  /** What the web server gives for one path. */
  record Page(int status, byte[] body, Map<String, String> headers) {}

  final StandingClock clock = new StandingClock();
  final DataSource dataSource = TestDatabase.appDataSource();
  final SecureRandom random = new SecureRandom();
  final Uuids uuids = new Uuids(clock, random);
  final TestAuthority root = TestAuthority.root("Outside Root " + random.nextLong());
  final UUID anchor;
  final Map<String, Page> pages = new ConcurrentHashMap<>();
  final Queue<String> requests = new ConcurrentLinkedQueue<>();
  final Queue<NewlyListed.Listed> listed = new ConcurrentLinkedQueue<>();
  final HttpServer server;
  final Vertx vertx = Vertx.vertx();
  final VertxFetcher fetcher = new VertxFetcher(vertx, FETCHERS);
  final Path folder;
  final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  final OutsideEvidence outside;

  /** Of the replica made last. */
  PutListInForce put;

  EvidenceWorld(Path folder) throws Exception {
    this(folder, List.of("127.0.0.0/8"));
  }

  EvidenceWorld(Path folder, List<String> allow) throws Exception {
    this.folder = folder;
    // What earlier tests left is not due.
    try (var owner = TestDatabase.ownerDataSource().getConnection();
        var statement = owner.createStatement()) {
      statement.executeUpdate("update crl_source set next_fetch_at = null");
      statement.executeUpdate("delete from crl_listed");
    }
    this.server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", this::serve);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    this.anchor = cas().addAnchor(root.certificate(), CaSource.FILE);
    sql(
        """
        insert into trust_anchor (id, name, evidence, created_at, changed_at)
        values (?, 'outside', 'issuer', now(), now())
        on conflict (id) do update set evidence = 'issuer'
        """,
        anchor);
    this.outside = replica("one", allow);
  }

  OutsideEvidence replica(String name, List<String> allow) {
    return replica(name, allow, dataSource);
  }

  OutsideEvidence replica(String name, List<String> allow, DataSource dataSource) {
    return replica(name, allow, dataSource, Duration.ofMillis(500));
  }

  OutsideEvidence replica(
      String name, List<String> allow, DataSource dataSource, Duration ocspTimeout) {
    ListedCertificates table =
        new ListedCertificates(dataSource, (tx, batch) -> listed.addAll(batch), clock);
    AuditLog audit =
        new AuditLog(
            dataSource,
            AuditSettings.defaults(folder.resolve("spool-" + name)),
            clock,
            random,
            uuids,
            name,
            metrics);
    put = new PutListInForce(dataSource, table, audit, new ChangeLog(dataSource, clock), clock);
    return new OutsideEvidence(
        dataSource,
        new EvidenceSettings(
            folder,
            name,
            Duration.ofMinutes(15),
            Duration.ofSeconds(30),
            Duration.ofSeconds(20),
            MAX_LIST,
            ocspTimeout,
            Duration.ofMinutes(15),
            FETCHERS,
            true,
            Duration.ofSeconds(10)),
        new GuardedFetch(new FetchRules(allow, InetAddress::getAllByName), fetcher, clock),
        put,
        table,
        cas(),
        uuids,
        clock,
        random,
        metrics);
  }

  CaCertificates cas() {
    return new CaCertificates(dataSource, new ChangeLog(dataSource, clock), uuids, clock);
  }

  String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  void publish(String path, byte[] body) {
    pages.put(path, new Page(200, body, Map.of()));
  }

  TestAuthority.Issued leaf(String... points) {
    return leaf(root, points);
  }

  TestAuthority.Issued leaf(TestAuthority ca, String... points) {
    return ca.leaf(
        "device",
        spec -> {
          if (points.length > 0) {
            spec.extension(Extension.cRLDistributionPoints, false, points(points));
          }
        });
  }

  static CRLDistPoint points(String... urls) {
    return new CRLDistPoint(
        Arrays.stream(urls)
            .map(
                url ->
                    new DistributionPoint(
                        new DistributionPointName(
                            new GeneralNames(
                                new GeneralName(GeneralName.uniformResourceIdentifier, url))),
                        null,
                        null))
            .toArray(DistributionPoint[]::new));
  }

  EvidenceVerdict ask(X509Certificate... leafFirst) throws SQLException {
    return outside.evidence().of(EvidenceQuestion.of(anchor, List.of(leafFirst)), clock.instant());
  }

  /** Asks, lets the replica learn and fetch, and asks again. */
  EvidenceVerdict settle(X509Certificate... leafFirst) throws SQLException {
    ask(leafFirst);
    outside.keep();
    outside.fetchDue();
    return ask(leafFirst);
  }

  /** Makes every source due, and fetches. */
  void refetch() throws SQLException {
    outside.refresh(anchor);
    outside.fetchDue();
  }

  String failure() throws SQLException {
    return outside.health(anchor).sources().getFirst().failure();
  }

  /** Registers a certificate, as far as lists need it. */
  void register(TestAuthority.Issued leaf, UUID... path) throws Exception {
    UUID device = uuids.next();
    sql(
        """
        insert into device (id, name, kind, state, created_at) values (?, 'd', 'laptop', 'active', now())
        """,
        device);
    X509Certificate certificate = leaf.certificate();
    IssuerAndSerial name = IssuerAndSerial.of(certificate);
    sql(
        """
        insert into certificate (thumbprint, device_id, issuer, issuer_key, serial, subject, not_before, not_after,
          path, path_not_after, spki, source, der, mac, created_at)
        values (?, ?, ?, ?, ?, 'CN=d', now(), now(), ?, now(), ?, 'attached', ?, '', now())
        """,
        MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()),
        device,
        name.issuer(),
        name.issuerKey(),
        name.serial(),
        path.length == 0 ? new UUID[] {anchor} : path,
        certificate.getPublicKey().getEncoded(),
        certificate.getEncoded());
  }

  void sql(String text, Object... values) throws SQLException {
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var statement = connection.prepareStatement(text)) {
      for (int i = 0; i < values.length; i++) {
        switch (values[i]) {
          case UUID[] array -> statement.setArray(i + 1, connection.createArrayOf("uuid", array));
          case String[] array -> statement.setArray(i + 1, connection.createArrayOf("text", array));
          case Instant instant -> statement.setTimestamp(i + 1, Timestamp.from(instant));
          case byte[] bytes -> statement.setBytes(i + 1, bytes);
          default -> statement.setObject(i + 1, values[i]);
        }
      }
      statement.executeUpdate();
    }
  }

  private void serve(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    requests.add(path);
    exchange.getRequestBody().readAllBytes();
    Page page = pages.getOrDefault(path, new Page(404, new byte[0], Map.of()));
    page.headers().forEach(exchange.getResponseHeaders()::add);
    exchange.sendResponseHeaders(page.status(), page.body().length == 0 ? -1 : page.body().length);
    try (var body = exchange.getResponseBody()) {
      body.write(page.body());
    }
  }

  @Override
  public void close() {
    server.stop(0);
    fetcher.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
