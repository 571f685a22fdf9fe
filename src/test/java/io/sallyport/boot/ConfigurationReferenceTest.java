package io.sallyport.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.boot.ConfigurationReference.Group;
import io.sallyport.boot.ConfigurationReference.Property;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The manual of the configuration is the Javadoc of {@link SallyportConfig}, and never stale. */
class ConfigurationReferenceTest {

  private static final Path SOURCE =
      Path.of("src/main/java/io/sallyport/boot/SallyportConfig.java");
  private static final Path PAGE = Path.of("docs/configuration.md");
  private static final String REWRITE =
      "./mvnw test -Dtest=ConfigurationReferenceTest -Dsallyport.write-docs=true";

  private static final String INTRODUCTION =
      """
      # Configuration

      <!-- Written from the Javadoc of SallyportConfig by: %s -->

      Each property is given as a system property (`-Dsallyport.door.https.port=443`), as the environment variable that stands beside it, or in `config/application.properties` under the working directory. Durations are written like `10s`, `5m`, `12h`, `30d`. A line is: property · environment variable · what to write · default.

      Some things are Quarkus' own to configure:

      | property | environment variable | default | what |
      | --- | --- | --- | --- |
      | `quarkus.datasource.jdbc.url` | `QUARKUS_DATASOURCE_JDBC_URL` | unset | the database, as `jdbc:postgresql://host:5432/sallyport`; unset starts the embedded one |
      | `quarkus.datasource.username`, `.password` | `QUARKUS_DATASOURCE_USERNAME`, `_PASSWORD` | unset | the service's role, `sallyport_app` |
      | `quarkus.datasource.jdbc.max-size` | `QUARKUS_DATASOURCE_JDBC_MAX_SIZE` | `24` | the size of the connection pool |
      | `quarkus.flyway.username`, `.password` | `QUARKUS_FLYWAY_USERNAME`, `_PASSWORD` | unset | the owner's role, `sallyport_owner`; required with a JDBC URL |
      | `quarkus.flyway.jdbc-url` | `QUARKUS_FLYWAY_JDBC_URL` | the URL above | where migrations run |
      | `quarkus.http.ssl-port` | `QUARKUS_HTTP_SSL_PORT` | `9443` | the port of operators, proxies and enrolment |
      | `quarkus.http.port` | `QUARKUS_HTTP_PORT` | `8080` | the plain port of CRLs, OCSP and CA certificates |
      | `quarkus.http.host` | `QUARKUS_HTTP_HOST` | `0.0.0.0`, in dev mode `localhost` | the address of both |
      | `quarkus.management.port` | `QUARKUS_MANAGEMENT_PORT` | `9000` | health and metrics |
      | `quarkus.log.console.json.enabled` | `QUARKUS_LOG_CONSOLE_JSON_ENABLED` | `true`, in dev mode `false` | logs as JSON |
      """
          .formatted(REWRITE);

  @Test
  void isWhatTheJavadocSays() throws IOException {
    String page = ConfigurationReference.page(groups(), INTRODUCTION);
    if (Boolean.getBoolean("sallyport.write-docs")) {
      Files.writeString(PAGE, page);
    }

    assertThat(Files.exists(PAGE) ? Files.readString(PAGE) : "")
        .as("%s is stale; rewrite it by: %s", PAGE, REWRITE)
        .isEqualTo(page);
  }

  @Test
  void namesEveryPropertyAsTheRunningServiceReadsIt() throws IOException {
    List<String> documented =
        groups().stream()
            .flatMap(group -> group.properties().stream())
            .map(Property::name)
            .map(name -> name.replace("[0]", "[*]").replace("\"name\"", "*"))
            .toList();

    Set<String> read =
        ConfigMappings.getProperties(ConfigClass.configClass(SallyportConfig.class))
            .keySet()
            .stream()
            .filter(name -> !name.endsWith("[*]")) // the other spelling of a list
            .collect(Collectors.toSet());

    assertThat(documented).containsExactlyInAnyOrderElementsOf(read);
  }

  @Test
  void namesEveryPropertyOfQuarkusThatWeSetADefaultFor() throws IOException {
    String ours = Files.readString(Path.of("src/main/resources/application.properties"));
    for (String line :
        List.of(
            "quarkus.datasource.jdbc.max-size=24",
            "quarkus.http.ssl-port=9443",
            "quarkus.http.port=8080",
            "quarkus.management.port=9000",
            "quarkus.log.console.json.enabled=true")) {
      String property = line.substring(0, line.indexOf('='));
      String value = line.substring(line.indexOf('=') + 1);

      assertThat(ours.lines()).contains(line);
      assertThat(INTRODUCTION.lines().filter(row -> row.contains("`" + property + "`")))
          .singleElement()
          .satisfies(row -> assertThat(row).contains("`" + value + "`"));
    }
  }

  private static List<Group> groups() throws IOException {
    return ConfigurationReference.of(SOURCE, "sallyport");
  }
}
