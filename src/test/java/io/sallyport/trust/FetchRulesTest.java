package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A CA whose certificates point into our own network (SSRF). */
class FetchRulesTest {

  private static final FetchRules STRICT = new FetchRules(List.of(), InetAddress::getAllByName);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1/a.crl",
        "http://127.8.8.8/a.crl",
        "http://localhost:9000/q/metrics",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://172.31.255.255/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[fd12:3456::1]/",
        "http://[ff02::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
        "http://[2002:7f00:1::]/"
      })
  void fetchesFromNoAddressThatIsNotPublic(String url) {
    assertThatExceptionOfType(CrlRefused.class)
        .isThrownBy(() -> STRICT.judge(URI.create(url)))
        .extracting(CrlRefused::fault)
        .isEqualTo(CrlFault.CRL_FORBIDDEN_ADDRESS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ldap://192.0.2.1/cn=crl",
        "file:///etc/passwd",
        "ftp://192.0.2.1/a.crl",
        "http://user:secret@192.0.2.1/a.crl",
        "http:///a.crl",
        "a.crl"
      })
  void fetchesByHttpOnlyAndWithoutCredentials(String url) {
    assertThatExceptionOfType(CrlRefused.class)
        .isThrownBy(() -> STRICT.judge(URI.create(url)))
        .extracting(CrlRefused::fault)
        .isEqualTo(CrlFault.CRL_FORBIDDEN_ADDRESS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"http://192.0.2.1:81/", "https://[2001:db8::1]/", "http://[2002:c000:201::]/"})
  void fetchesFromPublicAddressesAtAnyPort(String url) throws CrlRefused {
    assertThat(STRICT.judge(URI.create(url))).isNotNull();
  }

  @Test
  void whatIsAllowedIsARangeOrAHost() throws Exception {
    FetchRules rules =
        new FetchRules(
            List.of("10.1.0.0/16", "pki.corp.example"),
            host ->
                host.equals("pki.corp.example")
                    ? new InetAddress[] {InetAddress.getByName("192.168.7.7")}
                    : InetAddress.getAllByName(host));

    assertThat(rules.judge(URI.create("http://10.1.255.1/")).getHostAddress())
        .isEqualTo("10.1.255.1");
    assertThat(rules.judge(URI.create("http://PKI.corp.example/")).getHostAddress())
        .isEqualTo("192.168.7.7");
    assertThatExceptionOfType(CrlRefused.class)
        .isThrownBy(() -> rules.judge(URI.create("http://10.2.0.1/")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FetchRules(List.of("10.0.0.0/33"), InetAddress::getAllByName))
        .withMessageContaining("10.0.0.0/33");
  }

  @Test
  void connectsToTheAddressThatItJudgedThoughTheNameChanges(@TempDir Path folder) throws Exception {
    try (EvidenceWorld world = new EvidenceWorld(folder)) {
      var answers = new ArrayDeque<>(List.of(InetAddress.getByName("127.0.0.1")));
      FetchRules rules =
          new FetchRules(
              List.of("127.0.0.1"),
              host -> {
                if (answers.isEmpty()) {
                  throw new UnknownHostException("asked twice");
                }
                return new InetAddress[] {answers.poll()};
              });
      world.publish("/a.crl", new byte[] {1, 2, 3});
      var body = new ByteArrayOutputStream();
      new GuardedFetch(rules, world.fetcher, world.clock)
          .fetch(
              "http://no.such.host.invalid:" + world.server.getAddress().getPort() + "/a.crl",
              null,
              Map.of(),
              100,
              Duration.ofSeconds(10),
              body);

      assertThat(body.toByteArray()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void aRedirectionIntoOurNetworkIsRefused(@TempDir Path folder) throws Exception {
    try (EvidenceWorld world = new EvidenceWorld(folder, List.of("127.0.0.1"))) {
      var leaf = world.leaf(world.url("/a.crl"));
      world.pages.put(
          "/a.crl",
          new EvidenceWorld.Page(
              302,
              new byte[0],
              Map.of(
                  "Location",
                  "http://127.0.0.2:" + world.server.getAddress().getPort() + "/b.crl")));
      world.publish("/b.crl", TestCrl.of(world.root, 1).der());

      assertThat(world.settle(leaf.certificate()))
          .isEqualTo(new EvidenceVerdict.Unknown("crl_forbidden_address", List.of()));
      assertThat(world.requests).containsExactly("/a.crl");
    }
  }

  @Test
  void followsFewRedirections(@TempDir Path folder) throws Exception {
    try (EvidenceWorld world = new EvidenceWorld(folder)) {
      var leaf = world.leaf(world.url("/a.crl"));
      world.pages.put(
          "/a.crl", new EvidenceWorld.Page(302, new byte[0], Map.of("Location", "/a.crl")));

      assertThat(world.settle(leaf.certificate()))
          .isEqualTo(new EvidenceVerdict.Unknown("crl_unreachable", List.of()));
      assertThat(world.requests).hasSize(4);
    }
  }
}
