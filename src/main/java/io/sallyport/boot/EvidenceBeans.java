package io.sallyport.boot;

import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.identity.Uuids;
import io.sallyport.trust.CaCertificates;
import io.sallyport.trust.EvidenceSettings;
import io.sallyport.trust.FetchRules;
import io.sallyport.trust.GuardedFetch;
import io.sallyport.trust.ListedCertificates;
import io.sallyport.trust.OutsideEvidence;
import io.sallyport.trust.PutListInForce;
import io.sallyport.trust.RevocationEvidence;
import io.vertx.core.Vertx;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import javax.sql.DataSource;

/** Makes what asks outside CAs about revocation. */
@Singleton
public final class EvidenceBeans {

  @Produces
  @Singleton
  EvidenceSettings evidenceSettings(SallyportConfig config, @Named("replica") String replica) {
    var trust = config.trust();
    try {
      return new EvidenceSettings(
          emptied(Preparation.absolute(config.data()).resolve("lists")),
          replica,
          trust.crl().refresh(),
          trust.crl().retry(),
          trust.crl().timeout(),
          trust.crl().maxBytes(),
          trust.ocsp().timeout(),
          trust.ocsp().refresh(),
          trust.ocsp().concurrency(),
          trust.ocsp().nonce(),
          config.admission().patience());
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.trust: " + e.getMessage());
    }
  }

  @Produces
  @Singleton
  VertxFetcher fetcher(Vertx vertx, SallyportConfig config) {
    return new VertxFetcher(vertx, config.trust().ocsp().concurrency());
  }

  void close(@Disposes VertxFetcher fetcher) {
    fetcher.close();
  }

  @Produces
  @Singleton
  GuardedFetch guardedFetch(VertxFetcher fetcher, SallyportConfig config, Clock clock) {
    try {
      return new GuardedFetch(
          new FetchRules(
              config.trust().fetch().allow().orElse(List.of()), InetAddress::getAllByName),
          fetcher,
          clock);
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.trust.fetch.allow: " + e.getMessage());
    }
  }

  @Produces
  @Singleton
  OutsideEvidence outsideEvidence(
      DataSource dataSource,
      EvidenceSettings settings,
      GuardedFetch fetch,
      PutListInForce put,
      ListedCertificates listed,
      CaCertificates caCertificates,
      Uuids uuids,
      Clock clock,
      SecureRandom random,
      MeterRegistry metrics) {
    return new OutsideEvidence(
        dataSource, settings, fetch, put, listed, caCertificates, uuids, clock, random, metrics);
  }

  @Produces
  @Singleton
  RevocationEvidence evidence(OutsideEvidence outside) {
    return outside.evidence();
  }

  // What a crash left behind is of no use.
  private static Path emptied(Path folder) {
    try {
      PrivateFiles.directory(folder);
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "{list,upload}*")) {
        for (Path file : files) {
          Files.deleteIfExists(file);
        }
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
