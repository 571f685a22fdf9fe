package io.sallyport.trust;

import java.time.Instant;

/**
 * One revoked certificate of a list.
 *
 * @param serial as {@link SerialBytes} has it
 * @param reason the number of the CRLReason; 0 where the list gives none
 */
record CrlEntry(byte[] serial, int reason, Instant revokedAt) {

  // 2.5.29.21, .24, .23, .29, without tag and length
  private static final byte[] REASON_CODE = {0x55, 0x1d, 0x15};
  private static final byte[] INVALIDITY_DATE = {0x55, 0x1d, 0x18};
  private static final byte[] HOLD_INSTRUCTION = {0x55, 0x1d, 0x17};
  private static final byte[] CERTIFICATE_ISSUER = {0x55, 0x1d, 0x1d};

  private static final int MAX_BYTES = 4_096;

  /** Reads the next entry of revokedCertificates. */
  static CrlEntry read(DerCursor list) throws CrlRefused {
    DerCursor entry = list.enter(DerCursor.SEQUENCE);
    if (entry.end() - entry.position() > MAX_BYTES) {
      throw DerCursor.malformed("an entry of more than " + MAX_BYTES + " bytes");
    }
    byte[] serial = SerialBytes.ofDer(entry.integer(SerialBytes.MAX), 0);
    Instant revokedAt = entry.time();
    int reason = 0;
    if (!entry.atEnd()) {
      DerCursor extensions = entry.enter(DerCursor.SEQUENCE);
      while (!extensions.atEnd()) {
        int given = extension(extensions.enter(DerCursor.SEQUENCE));
        reason = given >= 0 ? given : reason;
      }
      entry.requireEnd();
    }
    return new CrlEntry(serial, reason, revokedAt);
  }

  private static boolean isTrue(DerCursor extension) throws CrlRefused {
    byte[] content = extension.enter(DerCursor.BOOLEAN).rest(1);
    if (content.length != 1) {
      throw DerCursor.malformed("a BOOLEAN without content");
    }
    return content[0] != 0;
  }

  /** The reason if that is what the extension gives, else -1. */
  private static int extension(DerCursor extension) throws CrlRefused {
    DerCursor oid = extension.enter(DerCursor.OID);
    boolean critical = extension.tag() == DerCursor.BOOLEAN && isTrue(extension);
    DerCursor value = extension.enter(DerCursor.OCTET_STRING);
    extension.requireEnd();
    if (oid.matches(REASON_CODE)) {
      DerCursor code = value.enter(DerCursor.ENUMERATED);
      byte[] number = code.rest(1);
      value.requireEnd();
      if (number.length != 1 || number[0] < 0) {
        throw DerCursor.malformed("a reason that is no reason");
      }
      return number[0];
    }
    if (oid.matches(CERTIFICATE_ISSUER)) {
      throw new CrlRefused(CrlFault.CRL_INDIRECT, "an entry names a certificate of another issuer");
    }
    if (critical && !oid.matches(INVALIDITY_DATE) && !oid.matches(HOLD_INSTRUCTION)) {
      throw new CrlRefused(
          CrlFault.CRL_CRITICAL_EXTENSION, "an entry has a critical extension that is not known");
    }
    return -1;
  }
}
