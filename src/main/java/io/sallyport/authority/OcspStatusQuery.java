package io.sallyport.authority;

import java.math.BigInteger;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/** Asks Postgres what is known of certificates of one CA, every time. */
final class OcspStatusQuery {

  private static final String STATUS =
      """
      select asked.serial, i.found is not null, r.revoked_at, r.reason
        from unnest(?::text[]) as asked (serial)
        left join lateral (select 1 as found from issuance
                            where issuer_key = ? and serial = asked.serial limit 1) i on true
        left join lateral (select revoked_at, reason from revocation
                            where issuer_key = ? and serial = asked.serial limit 1) r on true
      """;

  private final DataSource dataSource;

  OcspStatusQuery(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** The status of each serial; every serial has one. */
  Map<BigInteger, OcspStatus> of(byte[] issuerKey, List<BigInteger> serials) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(STATUS)) {
      Object[] asked = serials.stream().map(serial -> serial.toString(16)).distinct().toArray();
      statement.setArray(1, connection.createArrayOf("text", asked));
      statement.setBytes(2, issuerKey);
      statement.setBytes(3, issuerKey);
      var found = new HashMap<BigInteger, OcspStatus>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          found.put(new BigInteger(rows.getString(1), 16), status(rows));
        }
      }
      return found;
    }
  }

  private static OcspStatus status(ResultSet row) throws SQLException {
    Timestamp revokedAt = row.getTimestamp(3);
    if (revokedAt != null) {
      return new OcspStatus.Revoked(revokedAt.toInstant(), CrlEntry.reason(row.getString(4)));
    }
    return row.getBoolean(2) ? new OcspStatus.Good() : new OcspStatus.Unknown();
  }
}
