package io.sallyport.boot;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.sallyport.admin.signin.FirstOperator;
import io.sallyport.admission.GrantUses;
import io.sallyport.audit.AuditLog;
import io.sallyport.audit.FailureEvents;
import io.sallyport.audit.log.Sequencing;
import io.sallyport.audit.sink.Sinking;
import io.sallyport.authority.AuthorityMaterial;
import io.sallyport.authority.ListClockwork;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.feed.ChangeFeed;
import io.sallyport.feed.ChangeKind;
import io.sallyport.grant.SigningKeys;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.trust.CaCertificates;
import io.sallyport.trust.CaSource;
import io.sallyport.trust.TrustStore;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import java.util.UUID;
import org.jboss.logging.Logger;

/** Opens the house in order: trust, operators, keys, feed, and the doors last. */
@Singleton
final class StartUp {

  private static final Logger LOG = Logger.getLogger(StartUp.class);

  private final SallyportConfig config;
  private final AuthorityMaterial authority;
  private final CaCertificates caCertificates;
  private final TrustStore trust;
  private final FirstOperator firstOperator;
  private final SigningKeys signingKeys;
  private final ChangeFeed feed;
  private final DeviceDoor door;
  private final GrantUses grantUses;
  private final AuditLog audit;
  private final Sequencing sequencing;
  private final PublicPort publicPort;
  private final Sinking sinking;
  private final WatchedFiles files;
  private final Housekeeping housekeeping;
  private final ListClockwork revocationLists;
  private final Greeting greeting;
  private final ReplicaEvents events;
  private final FailureEvents failures;

  StartUp(
      SallyportConfig config,
      AuthorityMaterial authority,
      CaCertificates caCertificates,
      TrustStore trust,
      FirstOperator firstOperator,
      SigningKeys signingKeys,
      ChangeFeed feed,
      DeviceDoor door,
      GrantUses grantUses,
      AuditLog audit,
      Sequencing sequencing,
      PublicPort publicPort,
      Sinking sinking,
      WatchedFiles files,
      Housekeeping housekeeping,
      ListClockwork revocationLists,
      Greeting greeting,
      ReplicaEvents events,
      FailureEvents failures) {
    this.config = config;
    this.authority = authority;
    this.caCertificates = caCertificates;
    this.trust = trust;
    this.firstOperator = firstOperator;
    this.signingKeys = signingKeys;
    this.feed = feed;
    this.door = door;
    this.grantUses = grantUses;
    this.audit = audit;
    this.sequencing = sequencing;
    this.publicPort = publicPort;
    this.sinking = sinking;
    this.files = files;
    this.housekeeping = housekeeping;
    this.revocationLists = revocationLists;
    this.greeting = greeting;
    this.events = events;
    this.failures = failures;
  }

  void open(@Observes StartupEvent started) throws Exception {
    trustWhatIsConfigured();
    Optional<Path> passwordFile =
        firstOperator.ensure(
            config.operator().initialPassword(), Preparation.absolute(config.data()));
    events.started();
    signingKeys.prepare();
    follow();
    revocationLists.start();
    sequencing.start();
    sinking.start();
    door.open(files.serverIdentity());
    publicPort.open();
    files.watch();
    housekeeping.start();
    greeting.print(passwordFile);
  }

  private void trustWhatIsConfigured() throws SQLException {
    caCertificates.addAnchor(authority.root(), CaSource.AUTHORITY);
    authority.caCertificates().stream()
        .filter(ca -> !ca.equals(authority.root()))
        .forEach(caCertificates::ensureIntermediate);
    config.trust().anchors().ifPresent(events::syncAnchors);
    if (!trust.reload()) {
      throw new SQLException("the trust anchors can't be read");
    }
  }

  // What worsens a standing ends connections too.
  private void follow() {
    feed.subscribe(
        ChangeKind.CERTIFICATE, subject -> door.reconsider(CertificateThumbprint.ofHex(subject)));
    feed.subscribe(ChangeKind.DEVICE, subject -> door.reconsider(DeviceId.parse(subject)));
    feed.subscribe(ChangeKind.STRANGER, door::reconsiderStranger);
    feed.subscribe(ChangeKind.TRUST, subject -> trust.reload());
    feed.subscribe(ChangeKind.ANCHOR, subject -> door.reconsiderBelow(UUID.fromString(subject)));
    feed.subscribe(ChangeKind.POLICY, version -> door.reconsiderAll());
    feed.subscribe(ChangeKind.IDENTITY_PROVIDER, provider -> door.reconsiderAll());
    feed.subscribe(ChangeKind.CERTIFICATE, subject -> revocationLists.wake());
    feed.subscribe(ChangeKind.CRL, subject -> revocationLists.wake());
    feed.onConnect(trust::reload);
    feed.start();
  }

  void close(@Observes ShutdownEvent stopping) {
    LOG.info("Closing the doors");
    publicPort.close();
    door.drain(config.shutdown().drain());
    files.close();
    housekeeping.close();
    revocationLists.close();
    door.close();
    feed.close();
    sinking.close();
    sequencing.close();
    grantUses.close();
    failures.close();
    events.stopping();
    // Here and not when its bean is destroyed: the connection pool is closed by then, and the last
    // records would stay in a spool that may not outlive this machine.
    audit.close();
  }
}
