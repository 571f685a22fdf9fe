package io.sallyport.admin.signin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.hamcrest.Matchers.equalTo;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import jakarta.inject.Inject;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@WithTestResource(SallyportResource.class)
class SignInTest {

  private static final String ME = "/api/v1/operators/me";

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  @Inject FirstOperator firstOperator;

  private AdminClient client;

  @BeforeEach
  void connect() {
    client = new AdminClient(url);
  }

  // Other tests sign in from the same address.
  @BeforeEach
  @AfterEach
  void forgetFailures() {
    AdminClient.sql("delete from failed_attempt");
  }

  @Test
  void guessingIsThrottledForThatOperatorAndNotForAnother() {
    String victim = AdminClient.makeOperator(Role.OPERATOR);
    for (int i = 0; i < SignIn.PER_OPERATOR_AND_NETWORK; i++) {
      client.basic(victim, "guess " + i).get(ME).then().statusCode(401);
    }
    var answer =
        client
            .basic(victim, AdminClient.PASSWORD)
            .get(ME)
            .then()
            .statusCode(429)
            .contentType("application/problem+json")
            .body("type", equalTo("urn:sallyport:problem:too_many_attempts"))
            .extract();
    assertThat(Integer.parseInt(answer.header("Retry-After"))).isBetween(1, 300);
    client.as(Role.OPERATOR).get(ME).then().statusCode(200);
  }

  @Test
  void anAddressThatGuessesManyNamesIsThrottledButAValidTokenFromThereIsNot() {
    String token =
        client
            .admin()
            .body(Map.of("name", "behind the same address", "scopes", List.of("auditor")))
            .post("/api/v1/api-tokens")
            .then()
            .statusCode(201)
            .extract()
            .path("token");
    for (int i = 0; i < SignIn.PER_NETWORK; i++) {
      client.basic("nobody" + i, "guess").get(ME).then().statusCode(401);
    }
    client.admin().get(ME).then().statusCode(429);
    client.bearer("sallyport_guess").get(ME).then().statusCode(429);
    client.bearer(token).get(ME).then().statusCode(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Basic",
        "Basic !!!",
        "Basic YWRtaW4=",
        "Basic OnB3Og==",
        "Bearer",
        "Bearer x",
        "Bearer sallyport_A",
        "Digest username=admin",
        "Negotiate abc"
      })
  void credentialsOfNoUseAre401(String header) {
    client
        .anonymous()
        .header("Authorization", header)
        .get(ME)
        .then()
        .statusCode(401)
        .contentType("application/problem+json");
  }

  @Test
  void anUnknownNameAndAWrongPasswordGetTheSameAnswer() {
    String unknown = client.basic("nobody", "guess").get(ME).asString();
    String wrong = client.basic("admin", "guess").get(ME).asString();
    assertThat(unknown).isEqualTo(wrong).contains("not valid");
  }

  @Test
  void aDisabledOperatorCanNotSignIn() {
    String name = AdminClient.makeOperator(Role.OWNER);
    client.basic(name, AdminClient.PASSWORD).get(ME).then().statusCode(200);
    AdminClient.sql("update operator set state = 'disabled' where name = '" + name + "'");
    client.basic(name, AdminClient.PASSWORD).get(ME).then().statusCode(401);
  }

  @Test
  void anExpiredTokenIsWorthNothing() {
    String token =
        client
            .admin()
            .body(Map.of("name", "expiring", "scopes", List.of("auditor")))
            .post("/api/v1/api-tokens")
            .then()
            .statusCode(201)
            .extract()
            .path("token");
    client.bearer(token).get(ME).then().statusCode(200);
    AdminClient.sql("update api_token set expires_at = now() where name = 'expiring'");
    client.bearer(token).get(ME).then().statusCode(401);
  }

  @Test
  void neitherPasswordNorTokenIsStoredAsItIs() {
    String token =
        client
            .admin()
            .body(Map.of("name", "stored", "scopes", List.of("auditor")))
            .post("/api/v1/api-tokens")
            .then()
            .statusCode(201)
            .extract()
            .path("token");
    assertThat(
            AdminClient.value(
                "select string_agg(t::text, '') || (select string_agg(o::text, '') from operator o)"
                    + " || (select string_agg(convert_from(canonical, 'UTF8') || personal::text, '') from audit_record)"
                    + " from api_token t"))
        .doesNotContain(token, SallyportResource.OPERATOR_PASSWORD);
    assertThat(AdminClient.value("select password_hash from operator where name = 'admin'"))
        .startsWith("$2a$10$");
  }

  @Test
  void aChangedPasswordHoldsAtOnceAndTheOldOneNoMore() {
    String name = AdminClient.makeOperator(Role.HELPDESK);
    client
        .basic(name, AdminClient.PASSWORD)
        .body(Map.of("current", AdminClient.PASSWORD, "new", "quite another password"))
        .put(ME + "/password")
        .then()
        .statusCode(204);
    client.basic(name, AdminClient.PASSWORD).get(ME).then().statusCode(401);
    client.basic(name, "quite another password").get(ME).then().statusCode(200);
  }

  @Test
  void aSecondFirstOperatorIsNotMade(@TempDir Path folder) {
    String before = AdminClient.value("select count(*) || max(password_hash) from operator");
    assertThat(firstOperator.ensure(Optional.of("some other password"), folder)).isEmpty();
    assertThat(firstOperator.ensure(Optional.empty(), folder)).isEmpty();
    assertThat(AdminClient.value("select count(*) || max(password_hash) from operator"))
        .isEqualTo(before);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void theFirstOperatorsPasswordStandsInAPrivateFileUntilItIsChanged() throws Exception {
    Path folder = SallyportResource.data();
    AdminClient.sql("create table operators_aside as select * from operator");
    AdminClient.sql("delete from operator");
    try {
      Path file = firstOperator.ensure(Optional.empty(), folder).orElseThrow();
      assertThat(file).isEqualTo(folder.resolve("initial-operator-password"));
      assertThat(Files.getPosixFilePermissions(file))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      String password = Files.readString(file).strip();
      client
          .basic("admin", password)
          .get(ME)
          .then()
          .statusCode(200)
          .body("roles[0]", equalTo("owner"));
      client
          .basic("admin", password)
          .body(Map.of("current", password, "new", "quite another password"))
          .put(ME + "/password")
          .then()
          .statusCode(204);
      assertThat(file).doesNotExist();
    } finally {
      AdminClient.sql("delete from operator");
      AdminClient.sql("insert into operator select * from operators_aside");
      AdminClient.sql("drop table operators_aside");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "short", "aaaaaaaaaaaaaaaa"})
  void aWeakConfiguredPasswordIsRefusedWithoutRepeatingIt(String password) {
    var refused =
        assertThatIllegalArgumentException()
            .isThrownBy(() -> firstOperator.ensure(Optional.of(password), Path.of("unused")))
            .actual();
    if (!password.isEmpty()) {
      assertThat(refused.getMessage()).doesNotContain(password);
    }
  }
}
