package io.sallyport.boot;

import io.quarkus.tls.CertificateUpdatedEvent;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.sallyport.door.https.DeviceDoor;
import io.sallyport.door.https.ServerIdentity;
import io.sallyport.trust.TrustStore;
import jakarta.enterprise.event.Event;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * Looks at the server certificate and the file of anchors from time to time and takes over what
 * changed, without a restart and without touching open connections. A file that can't be read
 * leaves things as they are, and says so.
 */
@Singleton
final class WatchedFiles {

  private static final Logger LOG = Logger.getLogger(WatchedFiles.class);

  private static final String ADMIN = "admin";

  private final SallyportConfig config;
  private final ServerFiles server;
  private final DeviceDoor door;
  private final ReplicaEvents events;
  private final TrustStore trust;
  private final TlsConfigurationRegistry tls;
  private final Event<CertificateUpdatedEvent> certificateUpdated;
  private final ScheduledExecutorService clockwork =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("watched-files").factory());

  private byte[] serverSeen;
  private byte[] anchorsSeen;

  WatchedFiles(
      SallyportConfig config,
      @ConfigProperty(name = "quarkus.tls.admin.key-store.pem.0.cert") String certificate,
      @ConfigProperty(name = "quarkus.tls.admin.key-store.pem.0.key") String key,
      DeviceDoor door,
      ReplicaEvents events,
      TrustStore trust,
      TlsConfigurationRegistry tls,
      Event<CertificateUpdatedEvent> certificateUpdated) {
    this.config = config;
    this.server = new ServerFiles(Path.of(certificate), Path.of(key));
    this.door = door;
    this.events = events;
    this.trust = trust;
    this.tls = tls;
    this.certificateUpdated = certificateUpdated;
  }

  ServerIdentity serverIdentity() {
    return server.read();
  }

  void watch() {
    serverSeen = digest(server.certificate(), server.key());
    anchorsSeen = config.trust().anchors().map(WatchedFiles::digest).orElse(null);
    long period = Math.max(100, config.tls().reloadPeriod().toMillis());
    clockwork.scheduleWithFixedDelay(this::look, period, period, TimeUnit.MILLISECONDS);
  }

  void close() {
    clockwork.shutdownNow();
  }

  private void look() {
    attempt(this::lookAtServer);
    attempt(this::lookAtAnchors);
    // Intermediates that other replicas have met are not told by the feed.
    attempt(trust::reload);
  }

  private interface Look {
    void run() throws SSLException;
  }

  // Each by itself: a server certificate that can't be read must not keep a distrusted anchor in
  // force.
  private static void attempt(Look look) {
    try {
      look.run();
    } catch (RuntimeException | SSLException e) {
      LOG.errorf(
          "a changed file was not taken over, the old one stays in force: %s", e.getMessage());
    }
  }

  private void lookAtServer() throws SSLException {
    byte[] now = digest(server.certificate(), server.key());
    if (!Arrays.equals(now, serverSeen)) {
      serverSeen = now;
      door.present(server.read());
      presentOnAdminSide();
      LOG.info("A new server certificate is presented");
    }
  }

  // Quarkus' own periodic reload takes a certificate whose key is not written yet for a failure,
  // and then the admin side resets every connection until the next reload. Here the pair was read
  // and found to belong together.
  private void presentOnAdminSide() {
    TlsConfiguration admin = tls.get(ADMIN).orElseThrow();
    if (!admin.reload()) {
      throw new IllegalStateException("the admin side could not read " + server.certificate());
    }
    certificateUpdated.fire(new CertificateUpdatedEvent(ADMIN, admin));
  }

  private void lookAtAnchors() {
    Optional<Path> file = config.trust().anchors();
    if (file.isEmpty()) {
      return;
    }
    byte[] now = digest(file.get());
    if (!Arrays.equals(now, anchorsSeen)) {
      var synced = events.syncAnchors(file.get());
      anchorsSeen = now;
      LOG.infof(
          "Trust anchors read anew: %d trusted, %d removed",
          synced.trusted().size(), synced.removed().size());
    }
  }

  private static byte[] digest(Path... files) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Path file : files) {
        digest.update(Files.readAllBytes(file));
      }
      return digest.digest();
    } catch (IOException e) {
      throw new RefusedToStart("a watched file can't be read: " + e.getMessage(), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
