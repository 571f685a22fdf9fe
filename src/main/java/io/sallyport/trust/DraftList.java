package io.sallyport.trust;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * A list that an operator considers: signed by a CA under an anchor and fit to be uploaded there,
 * but not in force, and never to be by this object. Immutable.
 */
public final class DraftList {

  /** What the list says of one serial. */
  record Named(int reason, Instant revokedAt) {}

  private final UUID anchor;
  private final String place;
  private final CrlFacts facts;
  private final String signerKeyId;
  private final byte[] issuerKey;
  private final Map<ByteBuffer, Named> entries;
  private final Set<UUID> revokedCas;

  /**
   * @param place where an upload of it would be kept: it would follow what is in force from there
   * @param entries by {@link SerialBytes}
   * @param revokedCas CA certificates under the anchor that it would revoke for ever
   */
  DraftList(
      UUID anchor,
      String place,
      CrlFacts facts,
      String signerKeyId,
      Map<ByteBuffer, Named> entries,
      Set<UUID> revokedCas) {
    this.anchor = anchor;
    this.place = place;
    this.facts = facts;
    this.signerKeyId = signerKeyId;
    this.issuerKey = facts.issuerKey();
    this.entries = Map.copyOf(entries);
    this.revokedCas = Set.copyOf(revokedCas);
  }

  /** Under whose certificates it would count. */
  public UUID anchor() {
    return anchor;
  }

  /** CA certificates that would be revoked with it in force. */
  public Set<UUID> revokedCas() {
    return revokedCas;
  }

  /** Its issuer, RFC 4514. */
  public String issuer() {
    return facts.issuerName();
  }

  /** The CRL number, or null. */
  public BigInteger number() {
    return facts.number();
  }

  String place() {
    return place;
  }

  /** Whether it is a list of this certificate's issuer. */
  boolean isOfIssuer(byte[] key) {
    return Arrays.equals(issuerKey, key);
  }

  /** The list as it would be read if it were in force. */
  ListInForce towards(EvidenceQuestion.Subject subject) {
    Named named = entries.get(ByteBuffer.wrap(SerialBytes.ofHex(subject.name().serial())));
    return new ListInForce(
        place,
        false,
        facts.issuerName(),
        signerKeyId,
        decimal(facts.number()),
        decimal(facts.baseNumber()),
        facts.thisUpdate(),
        facts.nextUpdate(),
        facts.points(),
        facts.onlyUserCerts(),
        facts.onlyCaCerts(),
        named == null ? null : named.reason(),
        named == null ? null : named.revokedAt());
  }

  private static BigDecimal decimal(BigInteger number) {
    return number == null ? null : new BigDecimal(number);
  }
}
