package io.sallyport.trust;

import java.sql.SQLException;
import java.time.Instant;

/**
 * What the issuers of outside CAs say of a chain, read from the primary database at every question
 * and never cached in memory, so that a list bites on every replica from its commit on.
 */
public interface RevocationEvidence {

  /**
   * The verdict on a chain whose path was validated, at a moment. Any certificate revoked makes the
   * chain revoked; else any unknown makes it unknown. Only where the anchor has OCSP switched on
   * may this wait for the network, and then no longer than the OCSP time-out for the whole chain.
   *
   * @throws ReadersBusyException if too many ask at once; nothing is known then
   * @throws SQLException if the database can't be asked; nothing is known then
   */
  EvidenceVerdict of(EvidenceQuestion question, Instant at) throws SQLException;
}
