package io.sallyport.boot;

import io.sallyport.admission.LiveGrants;
import io.sallyport.admission.StatusListQuery;
import io.sallyport.door.oauth.OAuthEndpoints;
import io.sallyport.door.oauth.StatusLists;
import io.sallyport.grant.GrantSettings;
import io.sallyport.grant.SigningKeys;
import io.sallyport.grant.StatusListMint;
import io.sallyport.grant.StatusListSettings;
import io.sallyport.grant.StatusPlaces;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.net.URI;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Makes what OAuth clients and verifiers of grants are told. */
@Singleton
final class OAuthBeans {

  @Produces
  @Singleton
  OAuthEndpoints endpoints(
      SallyportConfig config, @ConfigProperty(name = "quarkus.http.ssl-port") int operatorsPort) {
    URI issuer = URI.create(config.issuer());
    String origin = issuer.getScheme() + "://" + issuer.getRawAuthority();
    // Where no public port is set, everything that is not the device door is at the issuer's place.
    String operators = config.publicPort().port().isEmpty() ? origin : at(issuer, operatorsPort);
    return new OAuthEndpoints(
        config.issuer(),
        url(
            "sallyport.door.https.public-url",
            config.door().https().publicUrl(),
            at(issuer, config.door().https().port())),
        url("sallyport.admin.public-url", config.admin().publicUrl(), operators),
        url("sallyport.public.url", config.publicPort().url(), origin));
  }

  private static String at(URI issuer, int port) {
    return "https://" + issuer.getHost() + ":" + port;
  }

  private static String url(String name, Optional<String> given, String fallback) {
    given.ifPresent(
        value -> {
          if (!value.matches("https://[A-Za-z0-9.:\\[\\]_-]+(/[A-Za-z0-9._~-]+)*")) {
            throw new RefusedToStart(
                name + ": expected a URL like https://sallyport.example.com, not " + value);
          }
        });
    return given.orElse(fallback);
  }

  @Produces
  @Singleton
  StatusListSettings statusListSettings(SallyportConfig config, OAuthEndpoints endpoints) {
    try {
      return new StatusListSettings(
          endpoints.verifiers() + OAuthEndpoints.STATUS_LISTS, config.grant().statusListTtl());
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.grant.status-list-ttl: " + e.getMessage(), e);
    }
  }

  @Produces
  @Singleton
  StatusPlaces statusPlaces(DataSource dataSource, Clock clock, SecureRandom random) {
    return new StatusPlaces(
        dataSource, clock, random, work -> Thread.ofVirtual().name("status-places").start(work));
  }

  @Produces
  @Singleton
  StatusListQuery statusListQuery(DataSource dataSource, LiveGrants grants, Clock clock) {
    return new StatusListQuery(dataSource, grants, clock);
  }

  @Produces
  @Singleton
  StatusLists statusLists(
      StatusListQuery query,
      SigningKeys keys,
      GrantSettings grants,
      StatusListSettings settings,
      Clock clock) {
    return new StatusLists(query, new StatusListMint(keys, grants, settings), settings, clock);
  }
}
