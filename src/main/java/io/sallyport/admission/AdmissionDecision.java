package io.sallyport.admission;

import io.sallyport.grant.SessionGrant;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SegmentName;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * How a request ended. A switch over it has no default, so that a new outcome stops every door from
 * compiling.
 */
public sealed interface AdmissionDecision {

  /** The audit record. */
  DecisionId id();

  /**
   * The device may come in. Only the engine can make one, and only after its record is durable;
   * where a grant was asked for, the grant was stored in the same transaction.
   */
  final class Admitted implements AdmissionDecision {

    private final DecisionId id;
    private final DeviceId device;
    private final String deviceName;
    private final List<SegmentName> segments;
    private final Instant certificateNotAfter;
    private final SessionGrant grant;
    private final Instant holdsUntil;

    Admitted(
        DecisionId id,
        DeviceId device,
        String deviceName,
        List<SegmentName> segments,
        Instant certificateNotAfter,
        SessionGrant grant,
        Instant holdsUntil) {
      this.id = Objects.requireNonNull(id, "id");
      this.device = Objects.requireNonNull(device, "device");
      this.deviceName = Objects.requireNonNull(deviceName, "deviceName");
      this.segments = List.copyOf(segments);
      this.certificateNotAfter = Objects.requireNonNull(certificateNotAfter, "certificateNotAfter");
      this.grant = grant;
      this.holdsUntil = Objects.requireNonNull(holdsUntil, "holdsUntil");
    }

    @Override
    public DecisionId id() {
      return id;
    }

    public DeviceId device() {
      return device;
    }

    public String deviceName() {
      return deviceName;
    }

    /** What the policy opens; empty where it was not asked. */
    public List<SegmentName> segments() {
      return segments;
    }

    /** The end of the leaf or of its path, whichever comes first. */
    public Instant certificateNotAfter() {
      return certificateNotAfter;
    }

    /**
     * Until when this holds if nothing changes: the earliest end of what it rests on. Whoever keeps
     * something open on the strength of it asks again then.
     */
    public Instant holdsUntil() {
      return holdsUntil;
    }

    /** Present if and only if a grant was asked for. */
    public Optional<SessionGrant> grant() {
      return Optional.ofNullable(grant);
    }
  }

  /**
   * The device may not come in, for all of these reasons.
   *
   * @param message what the policy has to say to the person; empty where the reasons' own sentences
   *     have to do
   * @param closedAudiences those asked for that the device's segments do not open, if that and
   *     nothing else is wrong
   */
  record Refused(
      DecisionId id,
      Set<RefusalReason> reasons,
      Optional<String> message,
      List<String> closedAudiences)
      implements AdmissionDecision {
    public Refused {
      Objects.requireNonNull(id, "id");
      if (reasons.isEmpty()) {
        throw new IllegalArgumentException("a refusal has a reason");
      }
      reasons = Collections.unmodifiableSet(EnumSet.copyOf(reasons));
      Objects.requireNonNull(message, "message");
      closedAudiences = List.copyOf(closedAudiences);
    }

    /** One sentence for a person: the policy's, or else that of the first reason. */
    public String sentence() {
      return message.orElseGet(() -> reasons.iterator().next().sentence());
    }
  }

  /** This replica can't decide now; the answer is "try again", never "yes". */
  record Undecided(DecisionId id, Cause cause) implements AdmissionDecision {
    public Undecided {
      Objects.requireNonNull(id, "id");
      Objects.requireNonNull(cause, "cause");
    }
  }

  /** Why a replica can't decide. */
  enum Cause {
    STORE_UNAVAILABLE("The registry cannot be asked at the moment."),
    AUDIT_UNAVAILABLE("The decision cannot be recorded at the moment."),
    OVERLOADED("Too many decisions are waiting.");

    private final String sentence;

    Cause(String sentence) {
      this.sentence = sentence;
    }

    /** The stable code in records and problems, in snake_case. */
    public String code() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** One sentence for a person. */
    public String sentence() {
      return sentence;
    }
  }
}
