package io.sallyport.authority.scep;

import io.sallyport.authority.AuthorityMaterial;
import jakarta.inject.Singleton;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.cms.RecipientIdentifier;

/**
 * Who opens and signs SCEP messages on behalf of the issuing CA, whose own key is EC and can do no
 * encryption. Made at the first use, the same on all replicas, replaced when two thirds of its life
 * are over; the one before still opens what was encrypted for it until it ends.
 */
@Singleton
class RegistrationAuthority {

  private static final int RSA_BITS = 3072;

  /** How soon a replica takes over what another one made, when nothing asks for it before. */
  private static final Duration REREAD = Duration.ofMinutes(1);

  /** How often a message for an unknown recipient may make it look into Postgres. */
  private static final Duration REREAD_AT_MOST = Duration.ofSeconds(5);

  private final RaStore store;
  private final AuthorityMaterial authority;
  private final Clock clock;
  private final SecureRandom random;

  private volatile Known known = new Known(List.of(), Instant.MIN);

  private record Known(List<RaCredential> credentials, Instant read) {}

  RegistrationAuthority(
      RaStore store, AuthorityMaterial authority, Clock clock, SecureRandom random) {
    this.store = store;
    this.authority = authority;
    this.clock = clock;
    this.random = random;
  }

  /** The one that clients are told of. */
  RaCredential current() {
    Instant now = clock.instant();
    return currentOf(read(now, REREAD), now).orElseGet(this::make);
  }

  /**
   * The one that a message is encrypted for, if it is one of ours that has not ended.
   *
   * @param recipients as the message names them
   */
  Optional<Addressed> addressed(List<RecipientIdentifier> recipients) {
    Instant now = clock.instant();
    Optional<Addressed> found = among(read(now, REREAD), recipients);
    return found.isPresent() ? found : among(read(now, REREAD_AT_MOST), recipients);
  }

  /**
   * A recipient of ours.
   *
   * @param recipient its place among those that the message names
   */
  record Addressed(RaCredential credential, int recipient) {}

  /**
   * What a client needs to know: the present RA certificate, and the CAs above it up to the root.
   */
  List<X509Certificate> certificates() {
    var all = new ArrayList<X509Certificate>();
    all.add(current().certificate());
    all.addAll(authority.caCertificates().reversed());
    return all;
  }

  private Optional<Addressed> among(
      List<RaCredential> credentials, List<RecipientIdentifier> recipients) {
    Instant now = clock.instant();
    for (int i = 0; i < recipients.size(); i++) {
      for (RaCredential credential : credentials) {
        if (credential.is(recipients.get(i)) && now.isBefore(credential.notAfter())) {
          return Optional.of(new Addressed(credential, i));
        }
      }
    }
    return Optional.empty();
  }

  private Optional<RaCredential> currentOf(List<RaCredential> credentials, Instant now) {
    return credentials.stream().filter(credential -> store.current(credential, now)).findFirst();
  }

  private List<RaCredential> read(Instant now, Duration atMost) {
    Known present = known;
    if (now.isBefore(present.read()) || !now.isBefore(present.read().plus(atMost))) {
      present = new Known(List.copyOf(store.live()), now);
      known = present;
    }
    return present.credentials();
  }

  private synchronized RaCredential make() {
    Instant now = clock.instant();
    // Whoever waited for this lock finds what the one before him made.
    Optional<RaCredential> made = currentOf(known.credentials(), now);
    if (made.isPresent()) {
      return made.get();
    }
    List<RaCredential> all = List.copyOf(store.add(pair()));
    known = new Known(all, now);
    return currentOf(all, now)
        .orElseThrow(() -> new IllegalStateException("the issuing CA ends too soon for SCEP"));
  }

  private KeyPair pair() {
    try {
      var generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(RSA_BITS, random);
      return generator.generateKeyPair();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK makes RSA keys", e);
    }
  }
}
