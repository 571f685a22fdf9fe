package io.sallyport.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SourceAddress;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What is limited, by whom it is counted, and that refusals are counted. */
class LimitsTest {

  private static final Rate TWO = Rate.perMinute(1, 2);
  private static final Rate TEN = Rate.perMinute(1, 10);

  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private final SteppedClock clock = new SteppedClock();
  private final Limits limits =
      new Limits(new LimitSettings(TEN, TWO, TEN, TWO, TEN, 100), clock, metrics);

  @Test
  void aHostThatHasManyAddressesOfIpv6IsOneSource() {
    for (int i = 0; i < 10; i++) {
      assertThat(limits.signIn(from("2001:db8:1:2::" + i))).isEmpty();
    }

    assertThat(limits.signIn(from("2001:db8:1:2:ffff::1"))).isPresent();
    assertThat(limits.signIn(from("2001:db8:1:3::1"))).isEmpty();
    assertThat(limits.signIn(from("192.0.2.1"))).isEmpty();
  }

  @Test
  void renewalsAreCountedApartFromOtherRequests() {
    CertificateThumbprint device = CertificateThumbprint.ofDer(new byte[] {1});
    assertThat(limits.renewal(device)).isEmpty();
    assertThat(limits.renewal(device)).isEmpty();

    assertThat(limits.renewal(device)).isPresent();
    assertThat(limits.device(device)).isEmpty();
  }

  @Test
  void triesForOneDeviceAreLimitedWithoutTouchingItsNeighbours() {
    Optional<DeviceId> one = Optional.of(new DeviceId(UUID.randomUUID()));
    SourceAddress office = from("192.0.2.9");
    limits.enrolment(office, one);
    limits.enrolment(office, one);

    assertThat(limits.enrolment(office, one)).isPresent();
    assertThat(limits.enrolment(office, Optional.of(new DeviceId(UUID.randomUUID())))).isEmpty();
    assertThat(limits.enrolment(from("192.0.2.10"), one)).as("from elsewhere").isEmpty();
  }

  @Test
  void whatIsLimitedIsCounted() {
    for (int i = 0; i < 13; i++) {
      limits.proxy("token");
    }

    assertThat(metrics.counter("sallyport.rate.limited", "what", "proxy").count()).isEqualTo(3);
    assertThat(metrics.counter("sallyport.rate.limited", "what", "device").count()).isZero();
  }

  @Test
  void retryAfterIsNeverTooShort() {
    assertThat(Limits.retryAfterSeconds(Duration.ofMillis(1))).isEqualTo(1);
    assertThat(Limits.retryAfterSeconds(Duration.ofMillis(1000))).isEqualTo(1);
    assertThat(Limits.retryAfterSeconds(Duration.ofMillis(1001))).isEqualTo(2);
  }

  @Test
  void refusesRatesThatLetNobodyIn() {
    assertThatIllegalArgumentException().isThrownBy(() -> Rate.perMinute(0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> Rate.perMinute(1, 0));
  }

  private static SourceAddress from(String address) {
    return new SourceAddress(InetAddress.ofLiteral(address), 40_000);
  }
}
