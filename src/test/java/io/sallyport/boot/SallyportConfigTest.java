package io.sallyport.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Pins every default: an operator who relies on one is told of its change by a failing test. */
class SallyportConfigTest {

  @Test
  void hasTheseDefaultsAndNoOthers() {
    Map<String, String> defaults = new TreeMap<>();
    ConfigMappings.getProperties(ConfigClass.configClass(SallyportConfig.class))
        .forEach(
            (name, property) -> {
              if (property.hasDefaultValue() && !name.endsWith("[*]")) {
                defaults.put(name, property.getDefaultValue());
              }
            });

    assertThat(defaults)
        .containsExactlyEntriesOf(
            new TreeMap<>(
                Map.ofEntries(
                    Map.entry("sallyport.admission.patience", "2s"),
                    Map.entry("sallyport.audit.sinks.allow-http", "false"),
                    Map.entry("sallyport.audit.sinks.period", "1s"),
                    Map.entry("sallyport.audit.sinks.patience", "10s"),
                    Map.entry("sallyport.audit.sinks.refusals", "5"),
                    Map.entry("sallyport.audit.log.period", "500ms"),
                    Map.entry("sallyport.audit.retention.username", "sallyport_retention"),
                    Map.entry("sallyport.audit.patience", "3s"),
                    Map.entry("sallyport.audit.queue", "4096"),
                    Map.entry("sallyport.audit.singles-per-minute", "600"),
                    Map.entry("sallyport.audit.spool-bytes", "67108864"),
                    Map.entry("sallyport.authority.certificate-lifetime", "30d"),
                    Map.entry("sallyport.authority.code-lifetime", "24h"),
                    Map.entry("sallyport.authority.renewal-grace", "24h"),
                    Map.entry("sallyport.data", "data"),
                    Map.entry("sallyport.database.embedded", "true"),
                    Map.entry("sallyport.door.forward-auth.at-once", "512"),
                    Map.entry("sallyport.door.forward-auth.counted-uses", "100000"),
                    Map.entry("sallyport.door.forward-auth.uses-written-every", "1m"),
                    Map.entry("sallyport.door.https.event-loops", "0"),
                    Map.entry("sallyport.door.https.handshake-timeout", "10s"),
                    Map.entry("sallyport.door.https.host", "0.0.0.0"),
                    Map.entry("sallyport.door.https.idle-timeout", "60s"),
                    Map.entry("sallyport.door.https.max-body-bytes", "65536"),
                    Map.entry("sallyport.door.https.max-connections", "50000"),
                    Map.entry("sallyport.door.https.max-handshakes", "4096"),
                    Map.entry("sallyport.door.https.max-header-bytes", "16384"),
                    Map.entry("sallyport.door.https.max-unproven-per-source", "256"),
                    Map.entry("sallyport.door.https.port", "8443"),
                    Map.entry("sallyport.door.https.tls12", "false"),
                    Map.entry("sallyport.grant.key-signs-for", "12h"),
                    Map.entry("sallyport.grant.longest-lifetime", "12h"),
                    Map.entry("sallyport.grant.lifetime", "10m"),
                    Map.entry("sallyport.grant.status-list-ttl", "30s"),
                    Map.entry("sallyport.simulation.at-once", "2"),
                    Map.entry("sallyport.simulation.longest", "5m"),
                    Map.entry("sallyport.simulation.rest-percent", "50"),
                    Map.entry("sallyport.issuer", "https://localhost:9443"),
                    Map.entry("sallyport.scep.enabled", "false"),
                    Map.entry("sallyport.scep.plain-http", "false"),
                    Map.entry("sallyport.pki.crl-lifetime", "24h"),
                    Map.entry("sallyport.pki.crl-renew-before", "12h"),
                    Map.entry("sallyport.pki.crl-shards", "1"),
                    Map.entry("sallyport.pki.ocsp-lifetime", "10m"),
                    Map.entry("sallyport.pki.ocsp-per-second", "500"),
                    Map.entry("sallyport.limit.buckets", "100000"),
                    Map.entry("sallyport.limit.device-burst", "60"),
                    Map.entry("sallyport.limit.device-rate", "120"),
                    Map.entry("sallyport.limit.enrolment-burst", "12"),
                    Map.entry("sallyport.limit.enrolment-rate", "12"),
                    Map.entry("sallyport.limit.proxy-burst", "10000"),
                    Map.entry("sallyport.limit.proxy-rate", "5000"),
                    Map.entry("sallyport.limit.renewal-burst", "6"),
                    Map.entry("sallyport.limit.renewal-rate", "6"),
                    Map.entry("sallyport.limit.source-burst", "600"),
                    Map.entry("sallyport.limit.source-rate", "600"),
                    Map.entry("sallyport.posture.clock-skew", "1m"),
                    Map.entry("sallyport.posture.keep-expired", "7d"),
                    Map.entry("sallyport.posture.longest-ttl", "30d"),
                    Map.entry("sallyport.posture.ttl", "1d"),
                    Map.entry("sallyport.public.host", "0.0.0.0"),
                    Map.entry("sallyport.public.idle-timeout", "30s"),
                    Map.entry("sallyport.public.max-connections", "4096"),
                    Map.entry("sallyport.public.request-timeout", "20s"),
                    Map.entry("sallyport.shutdown.drain", "5s"),
                    Map.entry("sallyport.tls.names", "localhost,127.0.0.1,::1"),
                    Map.entry("sallyport.tls.reload-period", "10s"),
                    Map.entry("sallyport.user.clock-skew", "30s"),
                    Map.entry("sallyport.user.keys.interval", "10s"),
                    Map.entry("sallyport.user.keys.kept", "24h"),
                    Map.entry("sallyport.user.keys.refresh", "15m"),
                    Map.entry("sallyport.user.plain-http-on-loopback", "false"),
                    Map.entry("sallyport.user.timeout", "3s"),
                    Map.entry("sallyport.trust.crl.max-bytes", "134217728"),
                    Map.entry("sallyport.trust.crl.refresh", "15m"),
                    Map.entry("sallyport.trust.crl.retry", "30s"),
                    Map.entry("sallyport.trust.crl.timeout", "2m"),
                    Map.entry("sallyport.trust.missing-evidence", "require"),
                    Map.entry("sallyport.trust.ocsp.concurrency", "64"),
                    Map.entry("sallyport.trust.ocsp.nonce", "true"),
                    Map.entry("sallyport.trust.ocsp.refresh", "15m"),
                    Map.entry("sallyport.trust.ocsp.timeout", "2s"))));
  }

  @Test
  void isReadableAsItComes() {
    SallyportConfig config = with(Map.of());

    assertThat(config.data()).isEqualTo(Path.of("data"));
    assertThat(config.masterKey()).isEmpty();
    assertThat(config.operator().initialPassword()).isEmpty();
    assertThat(config.shutdown().drain()).isEqualTo(Duration.ofSeconds(5));
    assertThat(config.tls().names()).isEqualTo(List.of("localhost", "127.0.0.1", "::1"));
    assertThat(config.authority().certificateLifetime()).isEqualTo(Duration.ofDays(30));
    assertThat(config.grant().lifetime()).isEqualTo(Duration.ofMinutes(10));
    assertThat(config.audit().spoolBytes()).isEqualTo(64L << 20);
  }

  @Test
  void takesWhatIsSet() {
    SallyportConfig config =
        with(
            Map.of(
                "sallyport.master-key", "/etc/sallyport/master.key",
                "sallyport.door.https.tls12", "true",
                "sallyport.operator.initial-password", "correct horse battery staple"));

    assertThat(config.masterKey()).contains(Path.of("/etc/sallyport/master.key"));
    assertThat(config.door().https().tls12()).isTrue();
    assertThat(config.operator().initialPassword()).contains("correct horse battery staple");
  }

  private static SallyportConfig with(Map<String, String> settings) {
    return new SmallRyeConfigBuilder()
        .addDiscoveredConverters()
        .withMapping(SallyportConfig.class)
        .withSources(new PropertiesConfigSource(settings, "test", 100))
        .build()
        .getConfigMapping(SallyportConfig.class);
  }
}
