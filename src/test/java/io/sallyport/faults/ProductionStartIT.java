package io.sallyport.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Nothing secret appears by itself in production. */
final class ProductionStartIT {

  @Test
  void refusesToStartAndNamesEverythingThatIsMissing() throws Exception {
    try (Service service =
        Service.fresh("production-start").set("sallyport.database.embedded", "false")) {
      Process process = service.launch();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
      assertThat(process.exitValue()).isEqualTo(2);
      assertThat(service.output())
          .contains("Sallyport does not start: ")
          .contains(
              List.of(
                  "quarkus.datasource.jdbc.url",
                  "sallyport.master-key",
                  "sallyport.tls.certificate",
                  "sallyport.tls.key",
                  "sallyport.authority.root",
                  "sallyport.authority.issuing-certificate",
                  "sallyport.authority.issuing-key",
                  "sallyport.audit.key",
                  "sallyport.operator.initial-password",
                  "sallyport.pki.base-url"))
          .doesNotContain("\tat ");
      try (var made = Files.list(service.data())) {
        assertThat(made).as("neither a database nor a key was made").isEmpty();
      }
    }
  }

  @Test
  void saysInOneSentenceThatTheDatabaseIsNotThere() throws Exception {
    int nobody = Service.freePort();
    try (Service service =
        Service.fresh("database-away")
            .set("quarkus.datasource.jdbc.url", "jdbc:postgresql://127.0.0.1:" + nobody + "/x")
            .set("quarkus.datasource.username", "sallyport_app")
            .set("quarkus.datasource.password", "forTestsOnly")
            .set("quarkus.flyway.username", "sallyport_owner")
            .set("quarkus.flyway.password", "forTestsOnly")) {
      Process process = service.launch();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
      assertThat(process.exitValue()).isEqualTo(1);
      assertThat(service.output())
          .contains(
              "Sallyport does not start: PostgreSQL at 127.0.0.1:"
                  + nobody
                  + " can't be reached (Connection refused): quarkus.datasource.jdbc.url says where it is.")
          .doesNotContain("\tat ")
          .doesNotContain("forTestsOnly");
    }
  }
}
