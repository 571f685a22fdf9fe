package io.sallyport.limit;

import java.util.Objects;

/**
 * How much one may ask for.
 *
 * @param device requests of one device on its door
 * @param renewal of these, requests for a new certificate
 * @param source sign-ins, enrolments and SCEP messages from one network, each counted apart
 * @param enrolment tries to enrol one device from one network
 * @param proxy questions of one proxy or service
 * @param buckets how many of each kind are kept
 */
public record LimitSettings(
    Rate device, Rate renewal, Rate source, Rate enrolment, Rate proxy, int buckets) {

  public LimitSettings {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(renewal, "renewal");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(enrolment, "enrolment");
    Objects.requireNonNull(proxy, "proxy");
    if (buckets < 1 || buckets > 10_000_000) {
      throw new IllegalArgumentException("expected 1 to 10000000 buckets, not " + buckets);
    }
  }
}
