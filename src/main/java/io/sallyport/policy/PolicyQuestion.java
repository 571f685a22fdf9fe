package io.sallyport.policy;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.UserFacts;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * All that a rule may look at. Text that is absent is "".
 *
 * @param posture the facts that hold at {@code now}, by name; expired ones are left out
 * @param user the person at the device, if one signed in
 */
public record PolicyQuestion(
    Device device,
    Certificate certificate,
    Map<String, PostureFact> posture,
    Door door,
    SourceAddress source,
    Optional<UserFacts> user,
    Instant now) {

  /**
   * @param kind as the REST interface spells it: {@code laptop}, {@code networkAccessServer}
   * @param state as the REST interface spells it
   * @param segments those of its record
   */
  public record Device(
      DeviceId id,
      String name,
      String owner,
      String kind,
      String state,
      List<SegmentName> segments,
      Map<String, String> labels,
      String externalId) {

    public Device {
      Objects.requireNonNull(id, "id");
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(owner, "owner");
      Objects.requireNonNull(kind, "kind");
      Objects.requireNonNull(state, "state");
      segments = List.copyOf(segments);
      labels = Map.copyOf(labels);
      Objects.requireNonNull(externalId, "externalId");
    }
  }

  /**
   * @param issuer as in RFC 4514, like {@code subject}
   * @param serial in lower-case hexadecimal
   * @param sans subject alternative names, each with its type: {@code dns:laptop.example.com}
   * @param keyProtection as the REST interface spells it
   * @param source how it came to its device, as the REST interface spells it
   */
  public record Certificate(
      CertificateThumbprint thumbprint,
      String issuer,
      String serial,
      String subject,
      List<String> sans,
      Instant notBefore,
      Instant notAfter,
      String keyProtection,
      String source) {

    public Certificate {
      Objects.requireNonNull(thumbprint, "thumbprint");
      Objects.requireNonNull(issuer, "issuer");
      Objects.requireNonNull(serial, "serial");
      Objects.requireNonNull(subject, "subject");
      sans = List.copyOf(sans);
      Objects.requireNonNull(notBefore, "notBefore");
      Objects.requireNonNull(notAfter, "notAfter");
      Objects.requireNonNull(keyProtection, "keyProtection");
      Objects.requireNonNull(source, "source");
    }
  }

  public PolicyQuestion {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(certificate, "certificate");
    posture = Map.copyOf(posture);
    Objects.requireNonNull(door, "door");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(user, "user");
    Objects.requireNonNull(now, "now");
  }
}
