package io.sallyport.audit;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.TlsFacts;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.UUID;

/**
 * Everything a decision leaves behind, so that it can be explained and replayed later. Holds no
 * secret.
 *
 * @param id client-made, so that a write may be repeated without doubling the record
 * @param connectionId groups the decisions of one connection; may be null
 * @param reasons refusal reason codes (snake_case), in the order of their enum; empty when admitted
 * @param device null when none was recognised
 * @param certificate null when none was presented, or none that could be read
 * @param tls what is known of the handshake; null before a ClientHello was understood
 * @param checks each check with its result and evidence, in the order made
 * @param grant null unless one was given
 * @param user the person whose token was checked, on this device; null if there was none
 * @param count how many like decisions this row stands for; 1 unless folded
 */
public record DecisionRecord(
    DecisionId id,
    Instant at,
    Door door,
    SourceAddress source,
    UUID connectionId,
    Outcome outcome,
    List<String> reasons,
    DeviceFacts device,
    CertificateFacts certificate,
    TlsFacts tls,
    List<Check> checks,
    GrantFacts grant,
    UserIdentity user,
    int count) {

  public DecisionRecord {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(door, "door");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(outcome, "outcome");
    reasons = List.copyOf(reasons);
    checks = List.copyOf(checks);
    if (count < 1) {
      throw new IllegalArgumentException("count: at least 1, not " + count);
    }
  }

  /** The device as it was then. */
  public record DeviceFacts(DeviceId id, String name, long version) {}

  /**
   * The leaf as presented.
   *
   * @param subject RFC 4514; cut to 1,024 characters
   * @param sans {@code type:value}; at most 32, each cut to 256 characters
   */
  public record CertificateFacts(
      CertificateThumbprint thumbprint,
      String issuer,
      String serial,
      String subject,
      List<String> sans,
      Instant notBefore,
      Instant notAfter) {
    public CertificateFacts {
      sans = List.copyOf(sans);
    }
  }

  /**
   * One check.
   *
   * @param result {@code passed}, {@code failed} or {@code skipped}
   * @param evidence what the result rests on: row versions, dates, list numbers; never a secret
   */
  public record Check(String name, String result, SequencedMap<String, String> evidence) {}

  public record GrantFacts(GrantId id, List<SegmentName> segments, Instant expiresAt) {
    public GrantFacts {
      segments = List.copyOf(segments);
    }
  }

  /**
   * A person, by the word of an identity provider.
   *
   * @param issuer the provider
   * @param subject whom it means; unique there
   * @param name to show; may be null
   */
  public record UserIdentity(String issuer, String subject, String name) {
    public UserIdentity {
      Objects.requireNonNull(issuer, "issuer");
      Objects.requireNonNull(subject, "subject");
    }
  }
}
