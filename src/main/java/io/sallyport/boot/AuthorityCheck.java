package io.sallyport.boot;

import io.quarkus.runtime.StartupEvent;
import io.sallyport.authority.AuthorityMaterial;
import io.sallyport.authority.AuthoritySettings;
import io.sallyport.authority.CertificateIssuer;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/** Looks at the authority before any door opens: what it can't do, and what it soon can't. */
@Singleton
final class AuthorityCheck {

  private static final Logger LOG = Logger.getLogger(AuthorityCheck.class);
  private static final int BEFORE_THE_DOORS = 1;

  private final AuthorityMaterial authority;
  private final AuthoritySettings settings;
  private final CertificateIssuer issuer;
  private final Clock clock;

  AuthorityCheck(
      AuthorityMaterial authority,
      AuthoritySettings settings,
      CertificateIssuer issuer,
      Clock clock) {
    this.authority = authority;
    this.settings = settings;
    this.issuer = issuer;
    this.clock = clock;
  }

  void check(@Observes @Priority(BEFORE_THE_DOORS) StartupEvent started) {
    warnings(authority, settings, clock.instant()).forEach(LOG::warn);
    // An authority that has ended issues nothing and says so above; the doors it once opened for
    // others stay open.
    if (clock.instant().isBefore(authority.signsUntil())) {
      List<String> faults = issuer.faultsOfProfiles();
      if (!faults.isEmpty()) {
        throw new RefusedToStart(
            "sallyport.authority issues nothing that could be accepted: "
                + String.join("; ", faults));
      }
    }
  }

  static List<String> warnings(
      AuthorityMaterial authority, AuthoritySettings settings, Instant now) {
    var warnings = new ArrayList<String>();
    Instant end = authority.signsUntil();
    X509Certificate current = authority.current().certificate();
    if (!now.isBefore(end)) {
      warnings.add(
          "The issuing CA %s ended at %s: nothing is issued until there is another"
              .formatted(current.getSubjectX500Principal(), end));
    } else if (end.isBefore(now.plus(settings.profiles().longestLifetime()))) {
      warnings.add(
          "The issuing CA %s ends at %s, before a certificate of today would: roll it over (docs/decisions/0014-generations-of-the-authority.md)"
              .formatted(current.getSubjectX500Principal(), end));
    }
    for (X509Certificate ca : authority.keyless()) {
      warnings.add(
          "The key of %s is not here: its certificates are honoured, and nobody signs its CRL and OCSP answers"
              .formatted(ca.getSubjectX500Principal()));
    }
    return warnings;
  }
}
