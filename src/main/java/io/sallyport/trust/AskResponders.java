package io.sallyport.trust;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;

/**
 * Asks OCSP responders, each about one certificate once at a time, and no more than so many
 * together. Nobody waits longer than the configured time, and nobody at all for a responder that
 * was silent a moment ago.
 */
final class AskResponders {

  private static final Logger LOG = Logger.getLogger(AskResponders.class);
  private static final int MAX_RESPONSE = 64 * 1024;

  /** How long a silent responder is left alone. */
  private static final Duration SILENCE = Duration.ofSeconds(10);

  private static final int MAX_SILENT = 10_000;

  private record Key(UUID anchor, String issuer, String serial) {}

  private final EvidenceSettings settings;
  private final GuardedFetch fetch;
  private final OcspAnswers answers;
  private final ListedCertificates listed;
  private final ReadTurns turns;
  private final Clock clock;
  private final SecureRandom random;
  private final Semaphore permits;
  private final Map<Key, CompletableFuture<OcspAnswer>> underWay = new ConcurrentHashMap<>();
  private final Map<String, Instant> silentUntil = new ConcurrentHashMap<>();

  AskResponders(
      EvidenceSettings settings,
      GuardedFetch fetch,
      OcspAnswers answers,
      ListedCertificates listed,
      ReadTurns turns,
      Clock clock,
      SecureRandom random) {
    this.settings = settings;
    this.fetch = fetch;
    this.answers = answers;
    this.listed = listed;
    this.turns = turns;
    this.clock = clock;
    this.random = random;
    this.permits = new Semaphore(settings.ocspConcurrency(), true);
  }

  /**
   * Asks about one certificate and keeps the answer.
   *
   * @param configured the anchor's responder, or null to ask the one that the certificate names
   * @param knownAsRevoked whether an earlier answer said so: its certificate is cut off already
   * @param deadline of {@link System#nanoTime}: waiting ends then, whatever the responder does
   */
  OcspAnswer ask(
      UUID anchor,
      EvidenceQuestion.Subject subject,
      X509Certificate certificate,
      X509Certificate issuer,
      String configured,
      boolean knownAsRevoked,
      long deadline)
      throws OcspFailure {
    String url = url(subject, configured);
    Instant silent = silentUntil.get(url);
    if (silent != null && clock.instant().isBefore(silent)) {
      throw new OcspFailure(OcspFault.OCSP_SILENT, "the responder was silent a moment ago");
    }
    Key key = new Key(anchor, subject.name().issuer(), subject.name().serial());
    CompletableFuture<OcspAnswer> mine = new CompletableFuture<>();
    CompletableFuture<OcspAnswer> running = underWay.putIfAbsent(key, mine);
    if (running == null) {
      running = mine;
      Thread.ofVirtual()
          .name("ocsp")
          .start(
              () -> {
                try {
                  mine.complete(
                      exchange(anchor, subject, certificate, issuer, url, knownAsRevoked));
                } catch (OcspFailure | RuntimeException | Error e) {
                  mine.completeExceptionally(e);
                } finally {
                  underWay.remove(key);
                }
              });
    }
    return await(running, url, deadline);
  }

  private OcspAnswer await(CompletableFuture<OcspAnswer> running, String url, long deadline)
      throws OcspFailure {
    try {
      return running.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      silent(url);
      throw new OcspFailure(OcspFault.OCSP_SILENT, "no answer in time");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof OcspFailure failure) {
        throw failure;
      }
      LOG.error("an OCSP exchange stumbled", e.getCause());
      throw new OcspFailure(OcspFault.OCSP_SILENT, "the exchange failed");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OcspFailure(OcspFault.OCSP_SILENT, "interrupted");
    }
  }

  private OcspAnswer exchange(
      UUID anchor,
      EvidenceQuestion.Subject subject,
      X509Certificate certificate,
      X509Certificate issuer,
      String url,
      boolean knownAsRevoked)
      throws OcspFailure {
    OcspExchange exchange =
        OcspExchange.of(
            issuer, certificate.getSerialNumber(), settings.ocspNonce() ? random : null);
    OcspAnswer answer = exchange.judge(post(url, exchange.request()), clock.instant());
    try {
      turns.take(
          () -> {
            // First, since whoever finds the answer kept takes its certificate for cut off.
            if (answer.isRevoked() && !knownAsRevoked) {
              listed.noteOcsp(anchor, subject.name(), answer.reason());
            }
            answers.put(anchor, subject, answer);
            return null;
          });
    } catch (SQLException | IllegalStateException e) {
      // The answer is as good for who waits; the next one asks again.
      LOG.warnf("an OCSP answer could not be kept: %s", e.getMessage());
    }
    return answer;
  }

  private byte[] post(String url, byte[] request) throws OcspFailure {
    try {
      if (!permits.tryAcquire(settings.ocspTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
        throw new OcspFailure(OcspFault.OCSP_SILENT, "too many requests are under way");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OcspFailure(OcspFault.OCSP_SILENT, "interrupted");
    }
    try {
      var response = new ByteArrayOutputStream();
      Fetcher.Answer answer =
          fetch.fetch(
              url,
              request,
              Map.of(
                  "Content-Type", "application/ocsp-request",
                  "Accept", "application/ocsp-response"),
              MAX_RESPONSE,
              settings.ocspTimeout(),
              response);
      if (answer.status() != 200) {
        silent(url);
        throw new OcspFailure(
            OcspFault.OCSP_SILENT, "the responder's server answers " + answer.status());
      }
      silentUntil.remove(url);
      return response.toByteArray();
    } catch (CrlRefused e) {
      OcspFault fault =
          e.fault() == CrlFault.CRL_FORBIDDEN_ADDRESS
              ? OcspFault.OCSP_FORBIDDEN_ADDRESS
              : OcspFault.OCSP_SILENT;
      silent(url);
      throw new OcspFailure(fault, e.getMessage());
    } catch (IOException e) {
      silent(url);
      throw new OcspFailure(OcspFault.OCSP_SILENT, String.valueOf(e.getMessage()));
    } finally {
      permits.release();
    }
  }

  private void silent(String url) {
    if (silentUntil.size() >= MAX_SILENT) {
      silentUntil.clear();
    }
    silentUntil.put(url, clock.instant().plus(SILENCE));
  }

  private static String url(EvidenceQuestion.Subject subject, String configured)
      throws OcspFailure {
    if (configured != null) {
      return configured;
    }
    List<URI> urls = subject.ocspUrls().stream().filter(CrlSources::isFetchable).toList();
    if (urls.isEmpty()) {
      throw new OcspFailure(OcspFault.OCSP_NO_RESPONDER, "no responder is named");
    }
    return urls.getFirst().toString();
  }
}
