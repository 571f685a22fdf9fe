package io.sallyport.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sallyport.TestDatabase;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DatabaseProbeTest {

  private static final String URL = "quarkus.datasource.jdbc.url";

  @Test
  void asksNobodyWhereNoDatabaseIsConfigured() {
    assertThatCode(() -> probe(Map.of())).doesNotThrowAnyException();
  }

  @Test
  void isContentWithADatabaseThatKnowsBothRoles() {
    assertThatCode(() -> probe(settings())).doesNotThrowAnyException();
  }

  @Test
  void saysWhichAddressCanNotBeReachedAndWhichSettingNamesIt() throws Exception {
    int nobody;
    try (ServerSocket socket = new ServerSocket(0)) {
      nobody = socket.getLocalPort();
    }
    Map<String, String> settings = settings();
    settings.put(URL, "jdbc:postgresql://127.0.0.1:" + nobody + "/x?password=secretInTheUrl");

    RefusedToStart refused = refusal(settings);
    assertThat(refused)
        .hasMessage(
            "PostgreSQL at 127.0.0.1:%d can't be reached (Connection refused): %s says where it is."
                .formatted(nobody, URL));
    assertThat(refused.exitCode()).isEqualTo(1);
  }

  @Test
  void namesTheSettingOfTheOwnersDatabaseWhereThatIsAnother() {
    Map<String, String> settings = settings();
    settings.put("quarkus.flyway.jdbc-url", "jdbc:postgresql://no-such-host.invalid:5432/x");

    assertThat(refusal(settings))
        .hasMessage(
            "PostgreSQL at no-such-host.invalid:5432 can't be reached (its name is not known): "
                + "quarkus.flyway.jdbc-url says where it is.");
  }

  @Test
  void saysWhichRoleIsRefused() {
    Map<String, String> settings = settings();
    settings.put("quarkus.flyway.username", "nobody_of_this_name");
    settings.put("quarkus.flyway.password", "secretOfNobody");

    assertThat(refusal(settings).getMessage())
        .contains(" refuses the role nobody_of_this_name: quarkus.flyway.username and ")
        .doesNotContain("secretOfNobody");
  }

  @Test
  void saysWhatAUrlLooksLike() {
    Map<String, String> settings = settings();
    settings.put(URL, "postgres://user:secret@host/x");

    assertThat(refusal(settings))
        .hasMessage(URL + " is no JDBC URL of PostgreSQL: jdbc:postgresql://host:port/database.");
  }

  private static Map<String, String> settings() {
    return new HashMap<>(TestDatabase.quarkusSettings());
  }

  private static RefusedToStart refusal(Map<String, String> settings) {
    return catchThrowableOfType(RefusedToStart.class, () -> probe(settings));
  }

  private static void probe(Map<String, String> settings) {
    new DatabaseProbe(
            new SmallRyeConfigBuilder()
                .withSources(new PropertiesConfigSource(settings, "test", 100))
                .build())
        .requireReachable();
  }
}
