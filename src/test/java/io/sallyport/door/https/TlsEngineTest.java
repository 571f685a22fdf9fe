package io.sallyport.door.https;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.handler.ssl.OpenSsl;
import io.sallyport.admission.RefusalReason;
import io.sallyport.trust.TestAuthority;
import io.sallyport.trust.TestAuthority.Issued;
import io.sallyport.trust.TestAuthority.KeyType;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Either engine fails for the same reasons, read from its own words, and resumes nothing. */
class TlsEngineTest {

  private static final TestAuthority AUTHORITY = TestAuthority.root("Engines", TlsEngineTest::now);
  private static final Issued SERVER =
      AUTHORITY.leaf(
          "server",
          leaf -> {
            now(leaf);
            leaf.purposes(KeyPurposeId.id_kp_serverAuth).dns("localhost");
          });
  private static final Issued CLIENT = AUTHORITY.leaf("client", TlsEngineTest::now);

  private static void now(TestAuthority.Spec spec) {
    Instant now = Instant.now();
    spec.validity(now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(1)));
  }

  enum Engine {
    JDK,
    BORING_SSL;

    TlsEngine make() {
      if (this == JDK) {
        return new JdkTlsEngine();
      }
      assumeTrue(OpenSsl.isAvailable(), "BoringSSL does not load here");
      return new BoringSslEngine();
    }
  }

  private static final String NO_GROUP = "no group of ours";

  private record Fault(String name, RefusalReason reason, String alert, Client client) {
    @Override
    public String toString() {
      return name;
    }
  }

  private interface Client {
    void meet(EngineServer server) throws Exception;
  }

  private static Stream<Fault> faults() {
    return Stream.of(
        new Fault(
            "no certificate",
            RefusalReason.NO_CERTIFICATE,
            "certificate_required",
            server -> talk(server, null, null, parameters -> {})),
        new Fault(
            "stolen certificate",
            RefusalReason.PROOF_FAILED,
            null,
            server ->
                talk(
                    server,
                    CLIENT.certificate(),
                    KeyType.P256.generate().getPrivate(),
                    parameters -> {})),
        new Fault(
            "TLS 1.2",
            RefusalReason.PROTOCOL_MISMATCH,
            "protocol_version",
            server ->
                talk(
                    server,
                    CLIENT.certificate(),
                    CLIENT.key(),
                    parameters -> parameters.setProtocols(new String[] {"TLSv1.2"}))),
        new Fault(
            NO_GROUP,
            RefusalReason.PROTOCOL_MISMATCH,
            null,
            server ->
                talk(
                    server,
                    CLIENT.certificate(),
                    CLIENT.key(),
                    parameters -> parameters.setNamedGroups(new String[] {"ffdhe8192"}))),
        new Fault(
            "plain HTTP",
            RefusalReason.NOT_TLS,
            null,
            server -> say(server, "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII))),
        new Fault(
            "garbage in a TLS record",
            RefusalReason.PROTOCOL_MISMATCH,
            null,
            server -> say(server, new byte[] {22, 3, 1, 0, 6, 9, 9, 9, 9, 9, 9})),
        new Fault(
            "a hello that says less than its length",
            RefusalReason.PROTOCOL_MISMATCH,
            null,
            server -> say(server, new byte[] {22, 3, 1, 0, 8, 1, 0, 0, 4, 3, 3, 9, 9})),
        new Fault("hang-up", RefusalReason.PEER_CLOSED, null, server -> connect(server).close()),
        new Fault(
            "silence",
            RefusalReason.HANDSHAKE_TIMEOUT,
            null,
            server -> {
              try (Socket socket = connect(server)) {
                socket.getInputStream().readAllBytes();
              }
            }),
        new Fault(
            "a client that does not trust the server",
            RefusalReason.PEER_CLOSED,
            null,
            server -> {
              SSLContext untrusting = SSLContext.getInstance("TLS");
              untrusting.init(null, null, null);
              talk(server, untrusting, parameters -> {});
            }));
  }

  static Stream<Arguments> eachFaultOnEachEngine() {
    return Stream.of(Engine.values())
        .flatMap(
            engine ->
                faults()
                    // The JDK has every group that a JDK client can offer.
                    .filter(fault -> engine != Engine.JDK || !fault.name().equals(NO_GROUP))
                    .map(fault -> Arguments.of(engine, fault)));
  }

  @ParameterizedTest
  @MethodSource("eachFaultOnEachEngine")
  void namesTheReason(Engine engine, Fault fault) throws Exception {
    try (var server = new EngineServer(engine.make(), identity())) {
      String seen = "";
      try {
        fault.client().meet(server);
      } catch (IOException e) {
        seen = String.valueOf(e.getMessage());
      }

      Throwable failure = server.ended();

      assertThat(failure).isNotNull();
      assertThat(HandshakeFailure.reason(failure)).as("%s", failure).isEqualTo(fault.reason());
      if (fault.alert() != null) {
        assertThat(seen).contains(fault.alert());
      }
    }
  }

  static Stream<Arguments> eachAlertOnEachEngine() {
    return Stream.of(Engine.values())
        .flatMap(
            engine -> Stream.of(RefusalAlert.values()).map(alert -> Arguments.of(engine, alert)));
  }

  @ParameterizedTest
  @MethodSource("eachAlertOnEachEngine")
  void refusesByTheMostTellingAlertItHas(Engine engine, RefusalAlert alert) throws Exception {
    try (var server = new EngineServer(engine.make(), identity())) {
      server.refuseBy(alert);
      String seen = "";
      try {
        talk(server, CLIENT.certificate(), CLIENT.key(), parameters -> {});
      } catch (SSLException e) {
        seen = e.getMessage();
      }

      assertThat(server.ended()).isNotNull();
      // The JDK hard-codes it.
      RefusalAlert expected = engine == Engine.JDK ? RefusalAlert.CERTIFICATE_UNKNOWN : alert;
      assertThat(seen).endsWith(": " + expected.name().toLowerCase(Locale.ROOT));
    }
  }

  @ParameterizedTest
  @EnumSource
  void judgesEveryConnectionOfAClientThatKeepsSessions(Engine engine) throws Exception {
    try (var server = new EngineServer(engine.make(), identity())) {
      SSLContext context = context(CLIENT.certificate(), CLIENT.key());
      for (int i = 1; i <= 3; i++) {
        assertThat(talk(server, context, parameters -> {})).isEqualTo("hello");
        assertThat(server.ended()).isNull();
        assertThat(server.judged()).as("nothing was resumed").isEqualTo(i);
      }
    }
  }

  private static ServerIdentity identity() {
    return new ServerIdentity(SERVER.key(), java.util.List.of(SERVER.certificate()));
  }

  private static void talk(
      EngineServer server,
      X509Certificate certificate,
      PrivateKey key,
      Consumer<SSLParameters> knobs)
      throws Exception {
    talk(server, context(certificate, key), knobs);
  }

  private static String talk(EngineServer server, SSLContext context, Consumer<SSLParameters> knobs)
      throws Exception {
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.port())) {
      socket.setSoTimeout(10_000);
      SSLParameters parameters = socket.getSSLParameters();
      knobs.accept(parameters);
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      return new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII);
    }
  }

  private static void say(EngineServer server, byte[] bytes) throws IOException {
    try (Socket socket = connect(server)) {
      OutputStream out = socket.getOutputStream();
      out.write(bytes);
      socket.getInputStream().readAllBytes();
    }
  }

  private static Socket connect(EngineServer server) throws IOException {
    Socket socket = new Socket("127.0.0.1", server.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static SSLContext context(X509Certificate certificate, PrivateKey key) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    KeyManager[] keys =
        certificate == null
            ? null
            : new KeyManager[] {new EngineServer.ClientKey(certificate, key)};
    context.init(keys, EngineServer.trusting(AUTHORITY.certificate()), null);
    return context;
  }
}
