package io.sallyport.limit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Who asks too much, on this replica. Each answer takes a token and says at once, without Postgres
 * and without a queue, whether to go on: empty, or how long to wait. Refusals are counted as {@code
 * sallyport.rate.limited}. Thread-safe; never blocks for long.
 *
 * <p>A proven device is known by its certificate, of which it has one, and two while it renews.
 * Strangers are known by their network: the address in IPv4, the first 64 bits in IPv6.
 */
public final class Limits {

  private final Limited<CertificateThumbprint> devices;
  private final Limited<CertificateThumbprint> renewals;
  private final Limited<InetAddress> enrolments;
  private final Limited<Enrolling> enrolling;
  private final Limited<InetAddress> scep;
  private final Limited<InetAddress> signIns;
  private final Limited<String> proxies;

  private record Enrolling(DeviceId device, InetAddress network) {}

  public Limits(LimitSettings settings, Clock clock, MeterRegistry metrics) {
    int most = settings.buckets();
    Function<InetAddress, ?> around = Limits::neighbourhood;
    this.devices =
        new Limited<>(
            new TokenBuckets<>(settings.device(), most, Function.identity(), clock),
            counter(metrics, "device"));
    this.renewals =
        new Limited<>(
            new TokenBuckets<>(settings.renewal(), most, Function.identity(), clock),
            counter(metrics, "renewal"));
    this.enrolments =
        new Limited<>(
            new TokenBuckets<>(settings.source(), most, around, clock),
            counter(metrics, "enrolment_source"));
    this.enrolling =
        new Limited<>(
            new TokenBuckets<>(
                settings.enrolment(), most, tried -> neighbourhood(tried.network()), clock),
            counter(metrics, "enrolment_device"));
    this.scep =
        new Limited<>(
            new TokenBuckets<>(settings.source(), most, around, clock), counter(metrics, "scep"));
    this.signIns =
        new Limited<>(
            new TokenBuckets<>(settings.source(), most, around, clock),
            counter(metrics, "sign_in"));
    this.proxies =
        new Limited<>(
            new TokenBuckets<>(settings.proxy(), most, Function.identity(), clock),
            counter(metrics, "proxy"));
  }

  private record Limited<K>(TokenBuckets<K> buckets, Counter refusals) {
    Optional<Duration> take(K key) {
      Optional<Duration> wait = buckets.take(key);
      if (wait.isPresent()) {
        refusals.increment();
      }
      return wait;
    }
  }

  /** A request on the device door, by the certificate whose key was proven. */
  public Optional<Duration> device(CertificateThumbprint certificate) {
    return devices.take(certificate);
  }

  /** A request for a new certificate; it is a request on the door besides. */
  public Optional<Duration> renewal(CertificateThumbprint certificate) {
    return renewals.take(certificate);
  }

  /**
   * An enrolment. Guesses at one device's code from many networks are counted in Postgres besides,
   * see {@link FailedAttempts}.
   *
   * @param device whom the asker says to be; empty if that can't be read
   */
  public Optional<Duration> enrolment(SourceAddress source, Optional<DeviceId> device) {
    Optional<Duration> wait = enrolments.take(source.limitedNetwork());
    return wait.isPresent() || device.isEmpty()
        ? wait
        : enrolling.take(new Enrolling(device.get(), source.limitedNetwork()));
  }

  /** A message of SCEP. */
  public Optional<Duration> scep(SourceAddress source) {
    return scep.take(source.limitedNetwork());
  }

  /** A try to sign in by password. */
  public Optional<Duration> signIn(SourceAddress source) {
    return signIns.take(source.limitedNetwork());
  }

  /**
   * A question of a proxy or service that has proven who it is.
   *
   * @param asker what it is known by: the id of its token, the thumbprint of its certificate
   */
  public Optional<Duration> proxy(String asker) {
    return proxies.take(asker);
  }

  /** The seconds of {@code Retry-After}: after them the wait is over, so they are rounded up. */
  public static long retryAfterSeconds(Duration wait) {
    return Math.max(1, wait.plusMillis(999).toSeconds());
  }

  /** 429 {@code rate_limited}. */
  public static Problem problem(Duration wait) {
    return new Problem(
        "rate_limited",
        "Too many requests",
        429,
        "try again in " + retryAfterSeconds(wait) + " seconds",
        List.of("rate_limited"),
        null,
        List.of());
  }

  /**
   * Goes on if there is nothing to wait for.
   *
   * @throws ProblemException 429 with its Retry-After
   */
  public static void orRefuse(Optional<Duration> wait) {
    wait.ifPresent(
        time -> {
          throw new ProblemException(problem(time), Duration.ofSeconds(retryAfterSeconds(time)));
        });
  }

  // Whoever has a network has its neighbours: a /48 in IPv6, a /24 in IPv4.
  private static Object neighbourhood(InetAddress network) {
    byte[] bytes = network.getAddress();
    return Arrays.hashCode(Arrays.copyOf(bytes, bytes.length == 4 ? 3 : 6));
  }

  private static Counter counter(MeterRegistry metrics, String what) {
    return Counter.builder("sallyport.rate.limited")
        .description("Requests answered 429, by what was limited")
        .tag("what", what)
        .register(metrics);
  }
}
