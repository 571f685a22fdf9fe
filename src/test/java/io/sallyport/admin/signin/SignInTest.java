package io.sallyport.admin.signin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.hamcrest.Matchers.equalTo;

import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.sallyport.SallyportResource;
import io.sallyport.admin.AdminClient;
import io.sallyport.identity.SourceAddress;
import jakarta.inject.Inject;
import java.net.InetAddress;
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

  private static final SourceAddress ELSEWHERE = from("192.0.2.7");
  private static final String ME = "/api/v1/operators/me";

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  @Inject FirstOperator firstOperator;
  @Inject SignIn signIn;
  @Inject Passwords passwords;

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
      assertThat(signIn.withPassword(victim, "guess " + i, ELSEWHERE))
          .isInstanceOf(SignInOutcome.Wrong.class);
    }
    carryFailuresOver();

    assertThat(signIn.withPassword(victim, AdminClient.PASSWORD, ELSEWHERE))
        .isInstanceOf(SignInOutcome.Throttled.class);
    String other = AdminClient.makeOperator(Role.OPERATOR);
    assertThat(signIn.withPassword(other, AdminClient.PASSWORD, ELSEWHERE))
        .isInstanceOf(SignInOutcome.Known.class);
  }

  @Test
  void anAddressThatGuessesManyNamesIsThrottledButAValidTokenFromThereIsNot() {
    String token = token("behind the same address");
    for (int i = 0; i < SignIn.PER_NETWORK; i++) {
      signIn.withPassword("nobody" + i, "guess", ELSEWHERE);
    }
    carryFailuresOver();

    assertThat(signIn.withPassword("admin", SallyportResource.OPERATOR_PASSWORD, ELSEWHERE))
        .isInstanceOf(SignInOutcome.Throttled.class);
    assertThat(signIn.withToken("sallyport_guess", ELSEWHERE))
        .isInstanceOf(SignInOutcome.Throttled.class);
    assertThat(signIn.withToken(token, ELSEWHERE)).isInstanceOf(SignInOutcome.Known.class);
  }

  @Test
  void nobodyKeepsAnOperatorOutWhoSitsAtTheMachine() {
    String owner = AdminClient.makeOperator(Role.OWNER);
    for (String source : List.of("192.0.2.7", "127.0.0.1")) {
      signIn.withPassword(owner, "guess", from(source));
    }
    AdminClient.sql("update failed_attempt set count = 1000");
    carryFailuresOver();

    assertThat(signIn.withPassword(owner, AdminClient.PASSWORD, from("198.51.100.9")))
        .as("from an address that never guessed")
        .isInstanceOf(SignInOutcome.Throttled.class);
    assertThat(signIn.withPassword(owner, AdminClient.PASSWORD, from("127.0.0.1")))
        .isInstanceOf(SignInOutcome.Known.class);
    assertThat(signIn.withPassword(owner, AdminClient.PASSWORD, from("::1")))
        .isInstanceOf(SignInOutcome.Known.class);
  }

  @Test
  void whoIsThrottledIsToldWhenToComeBack() {
    for (int i = 0; i < SignIn.PER_NETWORK; i++) {
      client.bearer("sallyport_guess").get(ME).then().statusCode(401);
    }
    carryFailuresOver();
    var answer =
        client
            .bearer("sallyport_guess")
            .get(ME)
            .then()
            .statusCode(429)
            .contentType("application/problem+json")
            .body("type", equalTo("urn:sallyport:problem:too_many_attempts"))
            .extract();
    assertThat(Integer.parseInt(answer.header("Retry-After"))).isBetween(1, 300);
  }

  @Test
  void whoWouldWaitTooLongForBcryptIsToldToComeBackAndATokenIsNot() {
    String token = token("while passwords are checked");
    int all = passwords.turns().drainPermits();
    try {
      client
          .admin()
          .get(ME)
          .then()
          .statusCode(503)
          .contentType("application/problem+json")
          .header("Retry-After", "2")
          .body("type", equalTo("urn:sallyport:problem:overloaded"));
      client.bearer(token).get(ME).then().statusCode(200);
    } finally {
      passwords.turns().release(all);
    }
    assertThat(AdminClient.value("select count(*) from failed_attempt")).isEqualTo("0");
    client.admin().get(ME).then().statusCode(200);
  }

  @Test
  void tokensOfOneNameAreTwoActors() {
    String one = bearerActor(token("the same"));
    String two = bearerActor(token("the same"));

    assertThat(List.of(one, two)).allMatch(actor -> actor.startsWith("token:the same#"));
    assertThat(one).isNotEqualTo(two);
  }

  // A window may end while a test guesses; what it failed then counts in the next one as well.
  private static void carryFailuresOver() {
    AdminClient.sql(
        """
        insert into failed_attempt (subject, window_start, count)
        select subject, last + after, total
          from (select subject, max(window_start) as last, sum(count) as total
                  from failed_attempt group by subject) failed,
               (values (interval '0'), (interval '5 minutes')) as windows (after)
        on conflict (subject, window_start) do update set count = excluded.count
        """);
  }

  private String bearerActor(String token) {
    String id =
        client
            .bearer(token)
            .body(Map.of("name", "made by a token", "kind", "laptop"))
            .post("/api/v1/devices")
            .then()
            .statusCode(201)
            .extract()
            .path("id");
    return AdminClient.value(
        "select convert_from(canonical, 'UTF8')::jsonb ->> 'actor' from audit_record"
            + " where kind = 'change' and device_id = '"
            + id
            + "'");
  }

  private String token(String name) {
    return client
        .admin()
        .body(Map.of("name", name, "scopes", List.of("owner")))
        .post("/api/v1/api-tokens")
        .then()
        .statusCode(201)
        .extract()
        .path("token");
  }

  private static SourceAddress from(String address) {
    return new SourceAddress(InetAddress.ofLiteral(address), 40000);
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
