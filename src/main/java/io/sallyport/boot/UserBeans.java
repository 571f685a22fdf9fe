package io.sallyport.boot;

import io.sallyport.seal.MasterKey;
import io.sallyport.trust.FetchRules;
import io.sallyport.user.CheckProvider;
import io.sallyport.user.IdentityProviders;
import io.sallyport.user.ProviderDocuments;
import io.sallyport.user.UserSettings;
import io.sallyport.user.UserTokens;
import io.vertx.core.Vertx;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;

/** Makes what checks tokens of people. */
@Singleton
public final class UserBeans {

  // Each provider is asked by one request at a time, and there are few.
  private static final int CONNECTIONS = 8;

  private VertxFetcher fetcher;

  @Produces
  @Singleton
  UserSettings userSettings(SallyportConfig config) {
    var user = config.user();
    if (user.plainHttpOnLoopback() && !config.database().embedded()) {
      throw new RefusedToStart(
          "sallyport.user.plain-http-on-loopback is for trying things out: without TLS whoever"
              + " answers first on this machine could make people. Take it away, or set"
              + " sallyport.database.embedded=true");
    }
    try {
      return new UserSettings(
          config.issuer(),
          user.clockSkew(),
          user.keys().refresh(),
          user.keys().kept(),
          user.keys().interval(),
          user.timeout(),
          user.plainHttpOnLoopback());
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.user." + e.getMessage());
    }
  }

  @Produces
  @Singleton
  IdentityProviders identityProviders(DataSource dataSource, MasterKey masterKey) {
    return new IdentityProviders(dataSource, masterKey);
  }

  @Produces
  @Singleton
  ProviderDocuments providerDocuments(Vertx vertx, SallyportConfig config, UserSettings settings) {
    Optional<Path> authorities = config.user().caCertificates().map(Path::toAbsolutePath);
    authorities
        .filter(file -> !Files.isReadable(file))
        .ifPresent(
            file -> {
              throw new RefusedToStart(
                  "sallyport.user.ca-certificates: there is no readable file " + file);
            });
    fetcher = new VertxFetcher(vertx, CONNECTIONS, authorities);
    List<String> allowed = new ArrayList<>(config.trust().fetch().allow().orElse(List.of()));
    if (settings.plainHttpOnLoopback()) {
      allowed.addAll(List.of("127.0.0.0/8", "::1"));
    }
    try {
      return new ProviderDocuments(
          new FetchRules(allowed, InetAddress::getAllByName), fetcher, settings);
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.trust.fetch.allow: " + e.getMessage());
    }
  }

  @Produces
  @Singleton
  CheckProvider checkProvider(ProviderDocuments documents) {
    return new CheckProvider(documents);
  }

  @Produces
  @Singleton
  UserTokens userTokens(
      IdentityProviders providers, ProviderDocuments documents, UserSettings settings) {
    return new UserTokens(providers, documents, settings);
  }

  @PreDestroy
  void close() {
    if (fetcher != null) {
      fetcher.close();
    }
  }
}
