package io.sallyport.admission;

import io.sallyport.audit.DecisionRecord.CertificateFacts;
import io.sallyport.audit.DecisionRecord.Check;
import io.sallyport.audit.DecisionRecord.DeviceFacts;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.UserFacts;
import io.sallyport.policy.PolicyVerdict.Admit;
import io.sallyport.registry.DeviceState;
import io.sallyport.trust.PresentedChain;
import io.sallyport.trust.SubjectAlternativeNames;
import io.sallyport.trust.ValidatedChain;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;
import javax.security.auth.x500.X500Principal;

/** Collects every check of one decision with its evidence, and every reason it gave. */
final class Assessment {

  private final Set<RefusalReason> reasons = EnumSet.noneOf(RefusalReason.class);
  private final List<Check> checks = new ArrayList<>(8);
  private DeviceFacts device;
  private CertificateFacts certificate;
  private Standing standing;
  private StandingAnchor anchor;
  private Known known;
  private ValidatedChain mappedChain;
  private Admit opens;
  private Instant factsUntil = Instant.MAX;
  private String message;
  private List<String> closedAudiences = List.of();
  private UserFacts user;
  private Instant userUntil = Instant.MAX;

  /** The device that a certificate belongs to, or leads to by its anchor's mapping. */
  record Known(DeviceId device, DeviceState state) {}

  void passed(String check, String... evidence) {
    checks.add(new Check(check, "passed", evidence(evidence)));
  }

  void failed(String check, RefusalReason reason, String... evidence) {
    failed(check, Set.of(reason), evidence);
  }

  void failed(String check, Set<RefusalReason> why, String... evidence) {
    checks.add(new Check(check, "failed", evidence(evidence)));
    reasons.addAll(why);
  }

  void skipped(String check, String... evidence) {
    checks.add(new Check(check, "skipped", evidence(evidence)));
  }

  /** The policy admits, by facts of which the first ends then. */
  void opened(Admit by, Instant until) {
    opens = by;
    factsUntil = until;
  }

  /** What the policy has to say to the person. */
  void saying(String sentence) {
    message = sentence;
  }

  /** Whoever these audiences are, some may be closed. */
  void audiences(List<String> asked, Collection<String> closed) {
    if (closed.isEmpty()) {
      passed("audience", "asked", String.join(" ", asked));
    } else {
      failed(
          "audience",
          RefusalReason.POLICY_DENIED,
          "asked",
          String.join(" ", asked),
          "closed",
          String.join(" ", closed));
      closedAudiences = List.copyOf(closed);
    }
  }

  /** The token that was to speak for a person does not. */
  void notThePerson(String cause) {
    failed("user", RefusalReason.USER_INVALID, "cause", cause);
    message = RefusalReason.USER_INVALID.sentence() + " It was refused because " + cause + ".";
  }

  /** The person at the device; what rests on this ends then at the latest. */
  void by(UserFacts person, Instant until) {
    user = person;
    userUntil = until;
  }

  void recognised(Standing found) {
    standing = found;
    device = new DeviceFacts(found.device(), found.deviceName(), found.deviceVersion());
    certificate = found.certificate();
    anchor = found.anchor();
    known = new Known(found.device(), found.deviceState());
  }

  /** Not recognised, but it leads to one device and may be bound to it. */
  void mapped(ValidatedChain chain, Stranger.Candidate to, StandingAnchor by) {
    device = new DeviceFacts(to.device(), to.name(), to.version());
    anchor = by;
    known = new Known(to.device(), to.state());
    mappedChain = chain;
  }

  void unrecognised(PresentedChain chain) {
    certificate = facts(chain);
  }

  boolean sound() {
    return reasons.isEmpty();
  }

  Set<RefusalReason> reasons() {
    return reasons;
  }

  List<String> codes() {
    return reasons.stream().map(RefusalReason::code).toList();
  }

  List<Check> checks() {
    return checks;
  }

  /** Null unless the policy was asked and admits. */
  Admit opens() {
    return opens;
  }

  Optional<String> message() {
    return Optional.ofNullable(message);
  }

  List<String> closedAudiences() {
    return closedAudiences;
  }

  Optional<UserFacts> user() {
    return Optional.ofNullable(user);
  }

  /** Until when it stays sound if nothing changes; only of what was recognised. */
  Instant holdsUntil() {
    return Stream.of(standing.notAfter(), factsUntil, userUntil)
        .min(Instant::compareTo)
        .orElseThrow();
  }

  /** When what was learnt of the person ends; {@link Instant#MAX} if nothing was. */
  Instant userUntil() {
    return userUntil;
  }

  DeviceFacts device() {
    return device;
  }

  CertificateFacts certificate() {
    return certificate;
  }

  /** Null unless the certificate was recognised or mapped. */
  Known known() {
    return known;
  }

  /** Null unless the certificate was recognised or mapped, and never null if it is sound. */
  StandingAnchor anchor() {
    return anchor;
  }

  /** Null unless the certificate was mapped. */
  ValidatedChain mappedChain() {
    return mappedChain;
  }

  /** Null unless the certificate was recognised. */
  Standing standing() {
    return standing;
  }

  /**
   * What can be told of a certificate that nobody registered; null where even that can't be read.
   */
  static CertificateFacts facts(PresentedChain chain) {
    try {
      X509Certificate leaf = chain.leaf();
      IssuerAndSerial name = IssuerAndSerial.of(leaf);
      return new CertificateFacts(
          chain.thumbprint(),
          cut(name.issuer(), 1024),
          name.serial(),
          cut(leaf.getSubjectX500Principal().getName(X500Principal.RFC2253), 1024),
          SubjectAlternativeNames.of(leaf),
          leaf.getNotBefore().toInstant(),
          leaf.getNotAfter().toInstant());
    } catch (RuntimeException e) {
      // A stranger's certificate may break any getter; the decision is recorded without its facts
      // then.
      return null;
    }
  }

  private static String cut(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length);
  }

  private static SequencedMap<String, String> evidence(String... pairs) {
    SequencedMap<String, String> evidence = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      evidence.put(pairs[i], pairs[i + 1]);
    }
    return evidence;
  }
}
