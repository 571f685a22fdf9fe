package io.sallyport.boot;

import io.sallyport.authority.RenewalSettings;
import io.sallyport.authority.Renewals;
import io.sallyport.door.https.Renewal;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SourceAddress;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Joins enrolment to the device door, which does not know the authority. */
@Singleton
final class EnrolmentBeans {

  @Produces
  @Singleton
  RenewalSettings renewalSettings(SallyportConfig config) {
    try {
      return new RenewalSettings(config.authority().renewalGrace());
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.authority.renewal-grace: " + e.getMessage(), e);
    }
  }

  @Produces
  @Singleton
  Renewal renewal(Renewals renewals) {
    return new AtTheDoor(renewals);
  }

  private record AtTheDoor(Renewals renewals) implements Renewal {

    @Override
    public Outcome renew(
        DeviceId device, CertificateThumbprint atHand, byte[] pkcs10, SourceAddress source) {
      return switch (renewals.renew(device, atHand, pkcs10, source)) {
        case Renewals.Answer.Certificate(var certsOnly) -> new Outcome.Renewed(certsOnly);
        case Renewals.Answer.Refusal(var problem, var retryAfter) ->
            new Outcome.Refused(problem, retryAfter);
      };
    }

    @Override
    public byte[] caCertificates() {
      return renewals.caCertificates();
    }

    @Override
    public byte[] csrAttributes() {
      return renewals.csrAttributes();
    }
  }
}
