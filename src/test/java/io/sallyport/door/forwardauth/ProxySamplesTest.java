package io.sallyport.door.forwardauth;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The samples know every header that counts, also those of proxies that are not run here. */
class ProxySamplesTest {

  private static final Path SAMPLES = Path.of("deploy/proxies");

  private static final List<String> IDENTITY =
      List.of(
          "X-Sallyport-Device",
          "X-Sallyport-Device-Name",
          "X-Sallyport-User",
          "X-Sallyport-User-Issuer",
          "X-Sallyport-User-Email",
          "X-Sallyport-Segments",
          "X-Sallyport-Audience",
          "X-Sallyport-Grant",
          "X-Sallyport-Decision");

  private final ObjectMapper yaml = new ObjectMapper(new YAMLFactory());

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nginx/sallyport-headers.conf",
        "haproxy/sallyport.lua",
        "caddy/Caddyfile",
        "traefik/dynamic.yaml",
        "envoy/envoy.yaml"
      })
  void handsOnOrStripsEveryIdentityHeader(String sample) throws IOException {
    String text = Files.readString(SAMPLES.resolve(sample)).toLowerCase(Locale.ROOT);

    for (String header : IDENTITY) {
      assertThat(text).containsPattern("\\b" + header.toLowerCase(Locale.ROOT) + "\\b(?!-)");
    }
  }

  @Test
  void traefikStripsBeforeItAsksAndForgetsAfterwards() throws IOException {
    JsonNode http = yaml.readTree(SAMPLES.resolve("traefik/dynamic.yaml").toFile()).get("http");
    JsonNode middlewares = http.get("middlewares");

    assertThat(names(middlewares.at("/strip/headers/customRequestHeaders")))
        .containsAll(IDENTITY)
        .containsAll(CertificateHeaders.NAMES)
        .contains(ProxyQuestion.METHODS_HEADER, ProxyQuestion.AUDIENCE_HEADER);
    for (JsonNode router : http.get("routers")) {
      List<String> order = new ArrayList<>();
      router.get("middlewares").forEach(name -> order.add(name.asText()));
      assertThat(order).first().isEqualTo("strip");
      assertThat(order).last().isEqualTo("forget");
      assertThat(order).allSatisfy(name -> assertThat(middlewares.has(name)).as(name).isTrue());
      String asking = order.get(order.size() - 2);
      JsonNode forwardAuth = middlewares.at("/" + asking + "/forwardAuth");
      assertThat(forwardAuth.get("trustForwardHeader").asBoolean()).isFalse();
      assertThat(forwardAuth.get("address").asText()).contains("/authz?audience=");
      assertThat(texts(forwardAuth.get("authResponseHeaders")))
          .containsExactlyInAnyOrderElementsOf(IDENTITY);
    }
  }

  @Test
  void envoyStripsBeforeItAsksAndFailsClosed() throws IOException {
    JsonNode manager =
        yaml.readTree(SAMPLES.resolve("envoy/envoy.yaml").toFile())
            .at("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config");
    assertThat(manager.get("forward_client_cert_details").asText()).isEqualTo("SANITIZE_SET");
    assertThat(manager.get("normalize_path").asBoolean()).isTrue();
    JsonNode filters = manager.get("http_filters");
    Set<String> stripped = new TreeSet<>();
    filters
        .get(0)
        .at("/typed_config/mutations/request_mutations")
        .forEach(mutation -> stripped.add(mutation.get("remove").asText()));
    assertThat(stripped)
        .containsAll(
            Stream.concat(IDENTITY.stream(), CertificateHeaders.NAMES.stream())
                .map(name -> name.toLowerCase(Locale.ROOT))
                // Envoy replaces this one itself.
                .filter(name -> !name.equals("x-forwarded-client-cert"))
                .collect(Collectors.toSet()))
        .contains("x-sallyport-methods");
    JsonNode asking = filters.get(1).get("typed_config");
    assertThat(asking.get("failure_mode_allow").asBoolean()).isFalse();
    assertThat(asking.at("/http_service/path_prefix").asText()).isEqualTo(ProxyQuestion.PATH);
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
