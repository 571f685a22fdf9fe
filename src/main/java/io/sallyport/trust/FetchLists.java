package io.sallyport.trust;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Fetches the lists that are due, each by one replica at a time. A failure keeps the list in force
 * until its own end, is noted with its reason and tried again later and later.
 */
public final class FetchLists {

  private static final Logger LOG = Logger.getLogger(FetchLists.class);

  /** Beyond the fetch itself: reading and writing a list of the greatest length. */
  private static final Duration LOADING = Duration.ofMinutes(10);

  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final int MAX_DOUBLINGS = 16;

  private final EvidenceSettings settings;
  private final CrlSources sources;
  private final TakeList take;
  private final GuardedFetch fetch;
  private final Clock clock;
  private final SecureRandom random;

  FetchLists(
      EvidenceSettings settings,
      CrlSources sources,
      TakeList take,
      GuardedFetch fetch,
      Clock clock,
      SecureRandom random) {
    this.settings = settings;
    this.sources = sources;
    this.take = take;
    this.fetch = fetch;
    this.clock = clock;
    this.random = random;
  }

  /**
   * Fetches the list that has been due for longest.
   *
   * @return false if none was due
   * @throws SQLException if the database is away
   */
  public boolean fetchNext() throws SQLException {
    Optional<CrlSource> due =
        sources.lease(settings.replica(), settings.fetchTimeout().plus(LOADING));
    if (due.isEmpty()) {
      return false;
    }
    CrlSource source = due.get();
    try {
      fetch(source);
    } catch (CrlRefused e) {
      fail(source, e);
    } catch (IOException e) {
      fail(source, new CrlRefused(CrlFault.CRL_UNREACHABLE, String.valueOf(e.getMessage())));
    } catch (SQLException | RuntimeException e) {
      fail(source, new CrlRefused(CrlFault.CRL_UNREACHABLE, "it could not be stored; see the log"));
      throw e;
    }
    return true;
  }

  private void fetch(CrlSource source) throws IOException, SQLException, CrlRefused {
    Path file = Files.createTempFile(settings.folder(), "list", ".crl");
    Path decoded = Files.createTempFile(settings.folder(), "list", ".der");
    try {
      MessageDigest digest = sha256();
      Fetcher.Answer answer;
      try (OutputStream sink = new DigestOutputStream(Files.newOutputStream(file), digest)) {
        answer =
            fetch.fetch(
                source.url(),
                null,
                conditions(source),
                settings.maxListBytes(),
                settings.fetchTimeout(),
                sink);
      }
      if (answer.status() == 304 && source.sha256() != null) {
        stay(source, source.etag(), source.lastModified());
      } else if (answer.status() == 200) {
        byte[] sha256 = digest.digest();
        String etag = validator(answer, "etag");
        String lastModified = validator(answer, "last-modified");
        if (Arrays.equals(sha256, source.sha256())) {
          stay(source, etag, lastModified);
        } else {
          Path der = ListFile.der(file, decoded);
          Instant nextUpdate = take.takeFetched(source, der, sha256, settings.replica());
          sources.fetched(source, settings.replica(), etag, lastModified, next(nextUpdate));
          LOG.infof("the list of %s was renewed", source.url());
        }
      } else {
        throw new CrlRefused(CrlFault.CRL_UNREACHABLE, "the server answers " + answer.status());
      }
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(decoded);
    }
  }

  /** The list in force is still the one that is served. */
  private void stay(CrlSource source, String etag, String lastModified)
      throws SQLException, CrlRefused {
    if (clock.instant().isAfter(source.nextUpdate())) {
      throw new CrlRefused(
          CrlFault.CRL_STALE,
          "the list served is still the one whose nextUpdate was " + source.nextUpdate());
    }
    sources.fetched(source, settings.replica(), etag, lastModified, next(source.nextUpdate()));
  }

  private void fail(CrlSource source, CrlRefused why) throws SQLException {
    sources.failed(source, settings.replica(), why, retry(source.failures()));
    if (!why.fault().code().equals(source.failure())) {
      if (why.fault() == CrlFault.CRL_BACKWARDS) {
        LOG.errorf(
            "ALERT crl_backwards: the list served at %s is older than the one in force, which stays: %s",
            source.url(), why.getMessage());
      } else {
        LOG.warnf(
            "%s: the list of %s was not taken: %s",
            why.fault().code(), source.url(), why.getMessage());
      }
    }
  }

  private static Map<String, String> conditions(CrlSource source) {
    Map<String, String> headers = new HashMap<>();
    headers.put("Accept", "application/pkix-crl, */*");
    if (source.sha256() != null && source.etag() != null) {
      headers.put("If-None-Match", source.etag());
    }
    if (source.sha256() != null && source.lastModified() != null) {
      headers.put("If-Modified-Since", source.lastModified());
    }
    return headers;
  }

  private static String validator(Fetcher.Answer answer, String name) {
    String value = answer.headers().get(name);
    return value == null || value.length() > 256 ? null : value;
  }

  // Twice at least before the list in force ends; not all at once.
  private Instant next(Instant nextUpdate) {
    Instant now = clock.instant();
    Duration wait = settings.refresh();
    Duration half = Duration.between(now, nextUpdate).dividedBy(2);
    wait = half.compareTo(wait) < 0 ? half : wait;
    wait = wait.compareTo(SHORTEST) < 0 ? SHORTEST : wait;
    return now.plusMillis((long) (wait.toMillis() * (0.9 + 0.1 * random.nextDouble())));
  }

  private Instant retry(int failures) {
    Duration wait = settings.retry().multipliedBy(1L << Math.min(failures, MAX_DOUBLINGS));
    wait = wait.compareTo(settings.refresh()) > 0 ? settings.refresh() : wait;
    return clock.instant().plusMillis((long) (wait.toMillis() * (0.5 + 0.5 * random.nextDouble())));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
