package io.sallyport.boot;

import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Properties;
import org.eclipse.microprofile.config.Config;
import org.postgresql.Driver;
import org.postgresql.PGProperty;

/**
 * Asks the configured PostgreSQL once before Quarkus does, so that a database that is away or a
 * wrong setting makes a sentence and no stack trace. It waits for nobody: whoever starts the
 * process starts it again.
 */
final class DatabaseProbe {

  private static final String URL = "quarkus.datasource.jdbc.url";
  private static final String OWNER_URL = "quarkus.flyway.jdbc-url";
  private static final String JDBC = "quarkus.datasource.jdbc.additional-jdbc-properties.";

  private final Config config;

  DatabaseProbe(Config config) {
    this.config = config;
  }

  /**
   * On return both roles could sign in. A role whose password comes from a credentials provider is
   * not asked about.
   *
   * @throws RefusedToStart naming what can't be reached, or who is refused, and the setting that
   *     says so; never a password
   */
  void requireReachable() {
    if (given(URL).isEmpty()) {
      return;
    }
    boolean ownUrl = given(OWNER_URL).isPresent() && !given(OWNER_URL).equals(given(URL));
    signIn(URL, "quarkus.datasource.username", "quarkus.datasource.password");
    signIn(ownUrl ? OWNER_URL : URL, "quarkus.flyway.username", "quarkus.flyway.password");
  }

  private void signIn(String urlKey, String userKey, String passwordKey) {
    String url = given(urlKey).orElseThrow();
    if (given(userKey).isPresent() && given(passwordKey).isEmpty()) {
      return;
    }
    Properties properties = new Properties();
    config
        .getPropertyNames()
        .forEach(
            key -> {
              if (key.startsWith(JDBC)) {
                given(key)
                    .ifPresent(
                        value -> properties.setProperty(key.substring(JDBC.length()), value));
              }
            });
    given(userKey).ifPresent(user -> PGProperty.USER.set(properties, user));
    given(passwordKey).ifPresent(password -> PGProperty.PASSWORD.set(properties, password));
    try (Connection connection = DriverManager.getConnection(url, properties)) {
      connection.getMetaData();
    } catch (SQLException e) {
      throw RefusedToStart.forNow(sentence(e, url, urlKey, userKey, passwordKey), e);
    }
  }

  private String sentence(
      SQLException e, String url, String urlKey, String userKey, String passwordKey) {
    String state = e.getSQLState() == null ? "" : e.getSQLState();
    Optional<String> address = address(url);
    if (address.isEmpty()) {
      return urlKey + " is no JDBC URL of PostgreSQL: jdbc:postgresql://host:port/database.";
    }
    if (state.startsWith("28")) {
      return "PostgreSQL at "
          + address.get()
          + " refuses the role "
          + given(userKey).orElse("without a name")
          + ": "
          + userKey
          + " and "
          + passwordKey
          + " name it.";
    }
    if (state.startsWith("08")) {
      return "PostgreSQL at "
          + address.get()
          + " can't be reached ("
          + why(e)
          + "): "
          + urlKey
          + " says where it is.";
    }
    return "PostgreSQL at " + address.get() + " (" + urlKey + ") says: " + firstLine(e) + ".";
  }

  private static String why(SQLException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case UnknownHostException _ -> {
          return "its name is not known";
        }
        case SocketTimeoutException _ -> {
          return "no answer in time";
        }
        case ConnectException refused -> {
          return firstLine(refused);
        }
        default -> {
          continue;
        }
      }
    }
    return firstLine(e);
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("").replaceFirst("\\.$", "");
  }

  // Never the URL itself: it may hold a password.
  private static Optional<String> address(String url) {
    Properties parsed = url.startsWith("jdbc:postgresql:") ? Driver.parseURL(url, null) : null;
    if (parsed == null) {
      return Optional.empty();
    }
    String[] hosts = PGProperty.PG_HOST.getOrDefault(parsed).split(",");
    String[] ports = PGProperty.PG_PORT.getOrDefault(parsed).split(",");
    StringBuilder address = new StringBuilder();
    for (int i = 0; i < hosts.length; i++) {
      address.append(i == 0 ? "" : ", ").append(hosts[i]).append(':');
      address.append(ports[Math.min(i, ports.length - 1)]);
    }
    return Optional.of(address.toString());
  }

  private Optional<String> given(String key) {
    return config.getOptionalValue(key, String.class).filter(value -> !value.isBlank());
  }
}
