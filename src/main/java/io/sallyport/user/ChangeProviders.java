package io.sallyport.user;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Adds, changes and removes identity providers. On return every replica checks tokens by what was
 * said here; once a provider is disabled or removed, no grant that was given for one of its people
 * is live, and open connections that live by such a grant are judged again.
 */
@ApplicationScoped
public class ChangeProviders {

  private final IdentityProviders providers;
  private final UserSettings settings;
  private final AuditLog audit;
  private final ChangeLog feed;
  private final Uuids uuids;
  private final Clock clock;

  ChangeProviders(
      IdentityProviders providers,
      UserSettings settings,
      AuditLog audit,
      ChangeLog feed,
      Uuids uuids,
      Clock clock) {
    this.providers = providers;
    this.settings = settings;
    this.audit = audit;
    this.feed = feed;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * @throws ProblemException 400 if the issuer is our own; 409 if it has a provider already, or
   *     there are too many
   */
  @Transactional
  public IdentityProvider add(ProviderSettings wanted, String actor, String actorSource) {
    if (wanted.issuer().equals(settings.ownIssuer())) {
      throw new ProblemException(
          Problem.invalidField(
              "issuer", "is Sallyport's own, whose tokens speak for devices and not for people"));
    }
    UUID id = uuids.next();
    if (!providers.insert(id, wanted, clock.instant())) {
      throw new ProblemException(
          Problem.conflict(
              "this issuer has an identity provider already, or there are %d of them, which is the most"
                  .formatted(IdentityProviders.MOST)));
    }
    record("identityProvider.add", id, Map.of(), wanted.facts(), actor, actorSource);
    feed.append(ChangeKind.IDENTITY_PROVIDER, id.toString());
    return providers.find(id).orElseThrow();
  }

  /**
   * Writes new settings; those that are there already leave no trace.
   *
   * @throws ProblemException 404; 412 if the provider is not of the expected version; 400 if the
   *     issuer is another
   */
  @Transactional
  public IdentityProvider change(
      UUID id,
      ProviderSettings wanted,
      OptionalLong expectedVersion,
      String actor,
      String actorSource) {
    IdentityProvider was = locked(id, expectedVersion);
    if (!wanted.issuer().equals(was.settings().issuer())) {
      throw new ProblemException(
          Problem.invalidField(
              "issuer", "can't change, people are named by it; add another identity provider"));
    }
    if (wanted.equals(was.settings())) {
      return was;
    }
    providers.update(id, wanted, clock.instant());
    Map<String, Object> before = new HashMap<>(was.settings().facts());
    Map<String, Object> after = new HashMap<>(wanted.facts());
    before.entrySet().removeAll(wanted.facts().entrySet());
    after.entrySet().removeAll(was.settings().facts().entrySet());
    record("identityProvider.change", id, before, after, actor, actorSource);
    feed.append(ChangeKind.IDENTITY_PROVIDER, id.toString());
    return providers.find(id).orElseThrow();
  }

  /**
   * @throws ProblemException 404; 412 if the provider is not of the expected version
   */
  @Transactional
  public void remove(UUID id, OptionalLong expectedVersion, String actor, String actorSource) {
    IdentityProvider was = locked(id, expectedVersion);
    providers.delete(id);
    record("identityProvider.remove", id, was.settings().facts(), Map.of(), actor, actorSource);
    feed.append(ChangeKind.IDENTITY_PROVIDER, id.toString());
  }

  private IdentityProvider locked(UUID id, OptionalLong expectedVersion) {
    IdentityProvider provider =
        providers
            .locked(id)
            .orElseThrow(
                () ->
                    new ProblemException(
                        Problem.notFound("no identity provider has the id " + id)));
    if (expectedVersion.isPresent() && expectedVersion.getAsLong() != provider.version()) {
      throw new ProblemException(
          Problem.of(
              "stale_version",
              "The thing was changed since it was read",
              412,
              "read it again and repeat the change"));
    }
    return provider;
  }

  private void record(
      String action,
      UUID id,
      Map<String, Object> before,
      Map<String, Object> after,
      String actor,
      String actorSource) {
    Instant now = clock.instant();
    Map<String, Object> facts = new HashMap<>(after);
    facts.put("provider", id.toString());
    audit.appendChange(
        new ChangeRecord(uuids.next(), now, action, actor, actorSource, null, null, before, facts));
  }
}
