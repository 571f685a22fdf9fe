package io.sallyport.user;

import io.sallyport.TestDatabase;
import io.sallyport.boot.VertxFetcher;
import io.sallyport.identity.SubjectToken;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import io.sallyport.trust.FetchRules;
import io.sallyport.user.ProviderSettings.ClaimNames;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jose4j.jwt.JwtClaims;

/** A provider, its row in the real database, and what checks its tokens. */
final class UserWorld implements AutoCloseable {

  static final Instant NOW = Instant.parse("2026-11-24T09:00:00Z");
  static final Duration INTERVAL = Duration.ofSeconds(10);
  static final Duration REFRESH = Duration.ofMinutes(15);
  static final Duration KEPT = Duration.ofHours(24);
  static final Duration SKEW = Duration.ofSeconds(30);

  final Vertx vertx = Vertx.vertx();
  final VertxFetcher fetcher = new VertxFetcher(vertx, 4);
  final IdentityProviders providers =
      new IdentityProviders(TestDatabase.appDataSource(), MasterKey.of(new byte[MasterKey.LENGTH]));
  final Provider provider;
  final UUID id = newId();
  final UserTokens tokens = tokens(true, List.of("127.0.0.0/8"));

  UserWorld() throws Exception {
    provider = new Provider();
    // Other tests' providers may be as many as are allowed.
    try (var owner = TestDatabase.ownerDataSource().getConnection();
        var statement = owner.createStatement()) {
      statement.executeUpdate("delete from identity_provider");
    }
    providers.insert(id, settings(List.of(SigningAlgorithm.RS256), true), NOW);
  }

  static UUID newId() {
    return new Uuids(Clock.systemUTC(), new SecureRandom()).next();
  }

  ProviderSettings settings(List<SigningAlgorithm> algorithms, boolean active) {
    return settings(algorithms, Optional.empty(), active);
  }

  ProviderSettings settings(
      List<SigningAlgorithm> algorithms, Optional<String> jwksUri, boolean active) {
    return new ProviderSettings(
        "the company's",
        provider.issuer(),
        List.of(Provider.CLIENT, "https://bank.example.com"),
        jwksUri,
        algorithms,
        ClaimNames.DEFAULT,
        Duration.ofHours(1),
        active);
  }

  UserTokens tokens(boolean plainHttp, List<String> allowed) {
    UserSettings settings =
        new UserSettings(
            "https://sallyport.example.com",
            SKEW,
            REFRESH,
            KEPT,
            INTERVAL,
            Duration.ofSeconds(5),
            plainHttp);
    return new UserTokens(
        providers,
        new ProviderDocuments(
            new FetchRules(allowed, InetAddress::getAllByName), fetcher, settings),
        settings);
  }

  UserVerdict verify(JwtClaims claims) throws Exception {
    return verify(provider.sign(claims), NOW);
  }

  UserVerdict verify(String token, Instant now) {
    return tokens.verify(new SubjectToken(SubjectToken.ID_TOKEN, token), now);
  }

  @Override
  public void close() {
    provider.close();
    fetcher.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
