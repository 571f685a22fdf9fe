package io.sallyport.boot;

import io.sallyport.authority.AuthoritySettings;
import io.sallyport.authority.DevelopmentAuthority;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.spi.ConfigSource;

/**
 * What must exist before Quarkus starts, and the settings that follow from it. Run again in a live
 * reload, it finds what the first run left and makes nothing twice.
 *
 * <p>It reads raw keys, since the typed configuration exists only once Quarkus runs.
 */
public final class Preparation {

  private static final String URL = "quarkus.datasource.jdbc.url";
  private static final String CERTIFICATE = "quarkus.tls.admin.key-store.pem.0.cert";
  private static final String KEY = "quarkus.tls.admin.key-store.pem.0.key";

  private final Config config;
  private final Clock clock;
  private final SecureRandom random;

  private Preparation(Config config, Clock clock, SecureRandom random) {
    this.config = config;
    this.clock = clock;
    this.random = random;
  }

  public static Preparation of(Config config, Clock clock, SecureRandom random) {
    return new Preparation(config, clock, random);
  }

  /**
   * Makes what is missing and returns the settings that Quarkus needs besides those given.
   *
   * @throws RefusedToStart if something is missing that may not be made up here
   */
  public Map<String, String> prepare() {
    Map<String, String> settings = new HashMap<>();
    boolean mayMake = given("sallyport.database.embedded").map(Boolean::parseBoolean).orElse(true);
    Path data = dataFolder(config);
    if (!mayMake) {
      refuseWhatIsMissing();
    }
    PrivateFiles.directory(data);
    settings.put("sallyport.data", data.toString());
    certificates(data, settings);
    if (given(URL).isEmpty()) {
      settings.putAll(
          EmbeddedDatabases.start(data.resolve("postgres"), random).asQuarkusSettings());
    } else if (given("quarkus.flyway.username").isEmpty()) {
      throw new RefusedToStart(
          "quarkus.datasource.jdbc.url is set but quarkus.flyway.username is not. Migrations run as the owner of the"
              + " schema and the service as another role, so that it can't rewrite its own log: create both with"
              + " deploy/postgres/roles.sql and set quarkus.flyway.username and quarkus.flyway.password.");
    } else if (given("quarkus.flyway.jdbc-url").isEmpty()) {
      settings.put("quarkus.flyway.jdbc-url", given(URL).orElseThrow());
    }
    return settings;
  }

  static Path dataFolder(Config config) {
    return absolute(
        Path.of(config.getOptionalValue("sallyport.data", String.class).orElse("data")));
  }

  static Path absolute(Path folder) {
    return folder.toAbsolutePath().normalize();
  }

  private void refuseWhatIsMissing() {
    List<String> missing = new ArrayList<>();
    List.of(URL, "sallyport.master-key", "sallyport.tls.certificate", "sallyport.tls.key").stream()
        .filter(key -> given(key).isEmpty())
        .forEach(missing::add);
    AuthorityKeys authority = authorityKeys();
    missing.addAll(authority.missing());
    List.of("sallyport.audit.key", "sallyport.operator.initial-password", "sallyport.pki.base-url")
        .stream()
        .filter(key -> given(key).isEmpty())
        .forEach(missing::add);
    if (!missing.isEmpty()) {
      throw new RefusedToStart(
          "with sallyport.database.embedded=false nothing secret is made up, and these are not set: "
              + String.join(", ", missing)
              + "."
              + (authority.none()
                  ? " Instead of the authority's PEM files a PKCS#12 file (sallyport.authority.keystore)"
                      + " or a key in a PKCS#11 token (sallyport.authority.pkcs11.library) can be given."
                  : "")
              + " docs/configuration.md says what each is.");
    }
  }

  private AuthorityKeys authorityKeys() {
    return new AuthorityKeys(key -> given(key).isPresent());
  }

  private void certificates(Path data, Map<String, String> settings) {
    Optional<String> certificate = given("sallyport.tls.certificate");
    Optional<String> key = given("sallyport.tls.key");
    if (certificate.isPresent() != key.isPresent()) {
      throw new RefusedToStart(
          "sallyport.tls.certificate and sallyport.tls.key go together; only one of them is set.");
    }
    AuthorityKeys authority = authorityKeys();
    if (authority.none()) {
      try {
        DevelopmentAuthority.prepare(data, clock, random, serverNames(), authoritySettings());
      } catch (IOException | IllegalArgumentException e) {
        throw new RefusedToStart("the certificates under " + data + ": " + e.getMessage(), e);
      }
    } else if (certificate.isEmpty()) {
      throw new RefusedToStart(
          authority.first()
              + " is set but sallyport.tls.certificate is not: a server certificate is made up only"
              + " together with an authority.");
    } else if (!authority.missing().isEmpty()) {
      throw new RefusedToStart(
          authority.first()
              + " is set, and an authority given so needs these too: "
              + String.join(", ", authority.missing())
              + ".");
    }
    settings.put(CERTIFICATE, certificate.orElse(data.resolve("tls/server.crt").toString()));
    settings.put(KEY, key.orElse(data.resolve("tls/server.key").toString()));
  }

  /** The typed configuration of the authority, which Quarkus would make of the same sources. */
  private AuthoritySettings authoritySettings() {
    var sources = new ArrayList<ConfigSource>();
    config.getConfigSources().forEach(sources::add);
    try {
      return AuthorityBeans.settings(
          new SmallRyeConfigBuilder()
              .addDiscoveredConverters()
              .addDefaultInterceptors()
              .withMapping(SallyportConfig.class)
              .withValidateUnknown(false)
              .withSources(sources)
              .build()
              .getConfigMapping(SallyportConfig.class));
    } catch (ConfigValidationException e) {
      throw new RefusedToStart("the configuration can't be read: " + e.getMessage(), e);
    }
  }

  private List<String> serverNames() {
    Set<String> names =
        new LinkedHashSet<>(
            Arrays.asList(
                given("sallyport.tls.names").orElse("localhost,127.0.0.1,::1").split("\\s*,\\s*")));
    try {
      String host = InetAddress.getLocalHost().getHostName();
      if (host.matches("[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")) {
        names.add(host);
      }
    } catch (UnknownHostException e) {
      // A host without a name of its own is reached by the configured ones.
    }
    return List.copyOf(names);
  }

  private Optional<String> given(String key) {
    return config.getOptionalValue(key, String.class).filter(value -> !value.isBlank());
  }
}
