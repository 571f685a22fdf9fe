package io.sallyport.trust;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.IssuerAndSerial;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Cuts off what an issuer has just taken back. Implemented by {@code revocation}. */
public interface NewlyListed {

  /**
   * A registered certificate that its issuer, or an issuer above it, took back.
   *
   * @param evidence what says so, in words: {@code crl 17 of CN=Partner CA}
   * @param reason the CRLReason in the spelling of RFC 5280
   */
  record Listed(
      IssuerAndSerial name, CertificateThumbprint thumbprint, String evidence, String reason) {}

  /** How many certificates one call names at most: a bulk list never holds up a revocation. */
  int BATCH = 500;

  /**
   * Ends what these certificates hold, in the transaction of {@code tx}, which is the thread's
   * transaction too. The next decision refuses them anyway; this ends grants and connections.
   *
   * @param certificates at most {@link #BATCH}
   */
  void listed(Connection tx, List<Listed> certificates) throws SQLException;
}
