package io.sallyport.admin.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.ValidatableResponse;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import java.net.URL;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@QuarkusTest
@WithTestResource(SallyportResource.class)
class IdentityProvidersTest {

  private static final String PATH = "/api/v1/identity-providers";

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  private AdminClient client;
  private final String issuer = "https://id-" + UUID.randomUUID() + ".invalid";

  @BeforeEach
  void connect() {
    client = new AdminClient(url);
    // There may be only so many, and other tests make some too.
    AdminClient.sql("delete from identity_provider");
  }

  private Map<String, Object> wanted() {
    return new HashMap<>(
        Map.of("name", "Company", "issuer", issuer, "audiences", List.of("bank-app")));
  }

  private ValidatableResponse post(Map<String, Object> body) {
    return client.admin().body(body).post(PATH).then();
  }

  private ValidatableResponse put(String id, String ifMatch, Map<String, Object> body) {
    return client.admin().header("If-Match", ifMatch).body(body).put(PATH + "/" + id).then();
  }

  @Test
  void aProviderHasSafeDefaultsAndIsOnRecord() {
    String id =
        post(wanted())
            .statusCode(201)
            .header("ETag", equalTo("\"0\""))
            .body("algorithms", equalTo(List.of("RS256", "ES256")))
            .body("claims.groups", equalTo("groups"))
            .body("maxTokenAge", equalTo("PT1H"))
            .body("state", equalTo("active"))
            .extract()
            .path("id");

    client.admin().get(PATH + "/" + id).then().statusCode(200).body("issuer", equalTo(issuer));
    client.admin().get(PATH).then().statusCode(200).body("items.id", equalTo(List.of(id)));
    assertThat(changes("identityProvider.add", id)).isEqualTo("1");
  }

  @Test
  void isChangedOnlyByWhoHasSeenItsVersionAndNeverInItsIssuer() {
    String id = post(wanted()).statusCode(201).extract().path("id");
    Map<String, Object> disabled = wanted();
    disabled.put("state", "disabled");
    Map<String, Object> renamed = wanted();
    renamed.put("issuer", issuer + "/other");

    put(id, "\"7\"", disabled).statusCode(412);
    put(id, "\"0\"", disabled).statusCode(200).header("ETag", equalTo("\"1\""));
    put(id, "\"1\"", disabled).statusCode(200).header("ETag", equalTo("\"1\""));
    put(id, "\"1\"", renamed).statusCode(400).body("errors[0].field", equalTo("issuer"));
    assertThat(changes("identityProvider.change", id)).isEqualTo("1");
  }

  @Test
  void isRemovedOnce() {
    String id = post(wanted()).statusCode(201).extract().path("id");

    client.admin().header("If-Match", "\"3\"").delete(PATH + "/" + id).then().statusCode(412);
    client.admin().delete(PATH + "/" + id).then().statusCode(204);
    client.admin().delete(PATH + "/" + id).then().statusCode(404);
    client.admin().get(PATH + "/x").then().statusCode(404);
  }

  @Test
  void hasItsIssuerToItself() {
    post(wanted()).statusCode(201);
    post(wanted()).statusCode(409);
    Map<String, Object> ours = wanted();
    ours.put("issuer", ConfigProvider.getConfig().getValue("sallyport.issuer", String.class));
    post(ours).statusCode(400).body("errors[0].field", equalTo("issuer"));
  }

  @Test
  void everyFaultIsNamed() {
    Map<String, Object> wrong = new HashMap<>();
    wrong.put("name", " ");
    wrong.put("issuer", "https://user@id.example.com");
    wrong.put("audiences", List.of());
    wrong.put("jwksUri", "ftp://id.example.com/keys");
    wrong.put("algorithms", List.of("RS256", "HS256"));
    wrong.put("claims", Map.of("groups", ""));
    wrong.put("maxTokenAge", "P2D");
    wrong.put("state", "paused");

    post(wrong)
        .statusCode(400)
        .body(
            "errors.field",
            hasItems(
                "name",
                "issuer",
                "audiences",
                "jwksUri",
                "algorithms",
                "claims.groups",
                "maxTokenAge",
                "state"));
    wrong.put("algorithms", List.of("none"));
    post(wrong).statusCode(400).body("errors.field", hasItems("algorithms"));
  }

  @Test
  void tellsWhyAProvidersKeysCantBeHad() {
    String id = post(wanted()).statusCode(201).extract().path("id");

    client
        .admin()
        .post(PATH + "/" + id + "/check")
        .then()
        .statusCode(200)
        .body("healthy", equalTo(false))
        .body("fault", equalTo("provider_unreachable"));
  }

  private static String changes(String action, String id) {
    return AdminClient.value(
        "select count(*) from audit_record where kind = 'change' and convert_from(canonical, 'UTF8') like '%"
            + action
            + "%' and convert_from(canonical, 'UTF8') like '%"
            + id
            + "%'");
  }
}
