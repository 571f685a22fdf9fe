package io.sallyport.user;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jboss.logging.Logger;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.VerificationJwkSelector;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.lang.JoseException;

/**
 * Keeps providers' public keys for a while. They are key material: whether a token of theirs counts
 * is decided each time anew. Keys are fetched when they are old, and when a token names one that is
 * not there (RFC 7517 has no other way to tell of a new one); but never sooner than the interval
 * after the last attempt, so that made-up key ids cause no storm. While they can't be fetched, the
 * old ones serve until they are too old.
 */
final class ProviderKeys {

  private static final Logger LOG = Logger.getLogger(ProviderKeys.class);

  /** More than an operator may set up; what is forgotten is fetched again. */
  private static final int MOST_PROVIDERS = 64;

  private final ProviderDocuments documents;
  private final UserSettings settings;
  private final Map<UUID, Slot> slots = new ConcurrentHashMap<>();

  /**
   * What was fetched.
   *
   * @param source the settings that decide where from; of others they are somebody else's keys
   */
  private record Kept(List<String> source, KeySet keys, Instant fetchedAt) {}

  /**
   * The last time that fetching was tried.
   *
   * @param fault null if it worked
   */
  private record Attempt(List<String> source, Instant at, ProviderFault fault) {}

  private static final class Slot {
    private final ReentrantLock fetching = new ReentrantLock();
    private volatile Kept kept;
    private volatile Attempt attempt;
  }

  ProviderKeys(ProviderDocuments documents, UserSettings settings) {
    this.documents = documents;
    this.settings = settings;
  }

  /**
   * The one key of the provider that can have made this signature.
   *
   * @param kid as the token's header says, compared with and never used as anything else; may be
   *     null
   * @throws TokenFault if there is none by keys that are current
   * @throws ProviderFault if that can't be known now
   */
  PublicJsonWebKey find(
      IdentityProvider provider, JsonWebSignature signature, String kid, Instant now)
      throws TokenFault, ProviderFault {
    ProviderSettings from = provider.settings();
    List<String> source = List.of(from.issuer(), from.jwksUri().orElse(""));
    if (slots.size() >= MOST_PROVIDERS) {
      slots.clear();
    }
    Slot slot = slots.computeIfAbsent(provider.id(), none -> new Slot());
    List<PublicJsonWebKey> fitting = fitting(kept(slot, source, now), signature, kid);
    boolean old = !isYounger(slot.kept, settings.keysRefresh(), now);
    if (fitting.isEmpty() || old) {
      fetch(slot, source, from, now, fitting.isEmpty());
      fitting = fitting(kept(slot, source, now), signature, kid);
    }
    if (fitting.isEmpty()) {
      Attempt last = slot.attempt;
      if (last == null || !last.source().equals(source)) {
        throw new ProviderFault("provider_unreachable", "its keys are being fetched");
      }
      if (last.fault() != null) {
        throw last.fault();
      }
      throw new TokenFault("no key of its issuer can have signed it");
    }
    if (fitting.size() > 1) {
      throw new TokenFault("it does not say which of its issuer's keys signed it");
    }
    return fitting.getFirst();
  }

  // Who has keys that do goes on with them while another one fetches; who has none waits for it.
  private void fetch(
      Slot slot, List<String> source, ProviderSettings from, Instant now, boolean wait) {
    if (wasTried(slot, source, now) || !locked(slot, wait)) {
      return;
    }
    try {
      if (wasTried(slot, source, now)) {
        return;
      }
      ProviderFault fault = null;
      try {
        slot.kept = new Kept(source, documents.fetch(from), now);
      } catch (ProviderFault e) {
        fault = e;
        LOG.warnf("%s: the keys of %s: %s", e.code(), from.issuer(), e.getMessage());
      }
      slot.attempt = new Attempt(source, now, fault);
    } finally {
      slot.fetching.unlock();
    }
  }

  private boolean locked(Slot slot, boolean wait) {
    try {
      return wait
          ? slot.fetching.tryLock(2 * settings.timeout().toMillis(), TimeUnit.MILLISECONDS)
          : slot.fetching.tryLock();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private boolean wasTried(Slot slot, List<String> source, Instant now) {
    Attempt last = slot.attempt;
    return last != null
        && last.source().equals(source)
        && last.at().plus(settings.keysInterval()).isAfter(now);
  }

  private List<PublicJsonWebKey> kept(Slot slot, List<String> source, Instant now) {
    Kept kept = slot.kept;
    return kept != null && kept.source().equals(source) && isYounger(kept, settings.keysKept(), now)
        ? kept.keys().keys()
        : List.of();
  }

  private static boolean isYounger(Kept kept, Duration age, Instant now) {
    return kept != null && kept.fetchedAt().plus(age).isAfter(now);
  }

  private static List<PublicJsonWebKey> fitting(
      List<PublicJsonWebKey> keys, JsonWebSignature signature, String kid) throws TokenFault {
    List<JsonWebKey> named =
        keys.stream()
            .filter(key -> kid == null || kid.equals(key.getKeyId()))
            .map(JsonWebKey.class::cast)
            .toList();
    try {
      List<JsonWebKey> able = new VerificationJwkSelector().selectList(signature, named);
      return (able == null ? Stream.<JsonWebKey>empty() : able.stream())
          .map(PublicJsonWebKey.class::cast)
          .toList();
    } catch (JoseException e) {
      throw new TokenFault("it is not a signed JWT");
    }
  }
}
