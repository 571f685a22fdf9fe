package io.sallyport.boot;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.admin.signin.SignInSettings;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.AuditSettings;
import io.sallyport.feed.ChangeFeed;
import io.sallyport.grant.GrantSettings;
import io.sallyport.grant.SigningKeys;
import io.sallyport.grant.StatusListSettings;
import io.sallyport.grant.TokenMint;
import io.sallyport.grant.TokenVerifier;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.CertificateMac;
import io.sallyport.seal.MasterKey;
import io.sallyport.trust.PathValidator;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import javax.sql.DataSource;

/** Makes the parts that know no framework, each with its settings. */
@Singleton
public final class Beans {

  private static final int AUDIT_BATCH = 256;
  private static final int AUDIT_WRITERS = 2;
  private static final int UNPROVEN_QUEUE = 2048;
  private static final int TRACKED_SOURCES = 10_000;

  @Produces
  @Singleton
  Clock clock() {
    return Clock.systemUTC();
  }

  @Produces
  @Singleton
  SecureRandom random() {
    return new SecureRandom();
  }

  @Produces
  @Singleton
  Uuids ids(Clock clock, SecureRandom random) {
    return new Uuids(clock, random);
  }

  @Produces
  @Singleton
  @Named("replica")
  String replica(SallyportConfig config, SecureRandom random) {
    return config
        .replica()
        .orElseGet(() -> hostName() + "-" + HexFormat.of().toHexDigits(random.nextInt()));
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "sallyport";
    }
  }

  @Produces
  @Singleton
  MasterKey masterKey(SallyportConfig config, SecureRandom random) {
    Path file =
        config
            .masterKey()
            .orElseGet(() -> Preparation.absolute(config.data()).resolve("master.key"));
    return MasterKeyFile.read(file, config.masterKey().isEmpty(), random);
  }

  @Produces
  @Singleton
  CertificateMac certificateMac(MasterKey masterKey) {
    return new CertificateMac(masterKey);
  }

  @Produces
  @Singleton
  AuditLog audit(
      DataSource dataSource,
      SallyportConfig config,
      Clock clock,
      SecureRandom random,
      Uuids ids,
      @Named("replica") String replica,
      MeterRegistry metrics) {
    AuditSettings settings =
        new AuditSettings(
            Preparation.absolute(config.data()).resolve("spool"),
            config.audit().queue(),
            AUDIT_BATCH,
            AUDIT_WRITERS,
            config.audit().patience(),
            UNPROVEN_QUEUE,
            config.audit().singlesPerMinute(),
            TRACKED_SOURCES,
            config.audit().spoolBytes(),
            Duration.ofSeconds(1));
    return new AuditLog(dataSource, settings, clock, random, ids, replica, metrics);
  }

  void close(@Disposes AuditLog audit) {
    audit.close();
  }

  @Produces
  @Singleton
  ChangeFeed feed(DataSource dataSource) {
    return new ChangeFeed(dataSource);
  }

  void close(@Disposes ChangeFeed feed) {
    feed.close();
  }

  @Produces
  @Singleton
  PathValidator paths() {
    return new PathValidator();
  }

  @Produces
  @Singleton
  GrantSettings grantSettings(SallyportConfig config) {
    if (!config.issuer().matches("https?://[A-Za-z0-9.:\\[\\]/_~-]+[^/]")) {
      throw new RefusedToStart(
          "sallyport.issuer: expected a URL like https://sallyport.example.com:9443, not "
              + config.issuer());
    }
    return new GrantSettings(
        config.issuer(),
        config.grant().lifetime(),
        config.grant().longestLifetime(),
        config.grant().keySignsFor());
  }

  @Produces
  @Singleton
  SigningKeys signingKeys(
      DataSource dataSource,
      MasterKey masterKey,
      GrantSettings settings,
      @Named("replica") String replica,
      Clock clock,
      SecureRandom random,
      Uuids ids,
      AuditLog audit) {
    return new SigningKeys(
        dataSource, masterKey, settings, replica, clock, random, ids, audit::appendChange);
  }

  @Produces
  @Singleton
  TokenMint mint(SigningKeys keys, GrantSettings settings, StatusListSettings lists) {
    return new TokenMint(keys, settings, lists);
  }

  @Produces
  @Singleton
  TokenVerifier verifier(SigningKeys keys) {
    return new TokenVerifier(keys);
  }

  @Produces
  @Singleton
  SignInSettings signInSettings(SallyportConfig config) {
    return new SignInSettings(Preparation.absolute(config.data()));
  }
}
