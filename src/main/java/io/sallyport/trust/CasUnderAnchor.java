package io.sallyport.trust;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.sql.DataSource;
import org.bouncycastle.asn1.x509.KeyUsage;

/**
 * The CA certificates that an anchor vouches for: itself, and the known intermediates that lead to
 * it by signatures. Whose key may sign a list is found here and nowhere else.
 */
final class CasUnderAnchor {

  /** A CA certificate and the id of its row. */
  record Ca(UUID id, X509Certificate certificate) {}

  private static final String READ =
      """
      select id, der from ca_certificate
      where state = 'trusted' and (id = ? or role = 'intermediate')
      order by id = ? desc limit 10000
      """;

  private final DataSource dataSource;

  CasUnderAnchor(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** The anchor first; empty if it is not trusted. */
  List<Ca> of(UUID anchor) throws SQLException {
    Map<UUID, X509Certificate> known = read(anchor);
    X509Certificate top = known.remove(anchor);
    List<Ca> under = new ArrayList<>();
    if (top == null) {
      return under;
    }
    ArrayDeque<Ca> issuers = new ArrayDeque<>(List.of(new Ca(anchor, top)));
    while (!issuers.isEmpty()) {
      Ca issuer = issuers.poll();
      under.add(issuer);
      known
          .entrySet()
          .removeIf(
              entry -> {
                boolean below = isIssuedBy(entry.getValue(), issuer.certificate());
                if (below) {
                  issuers.add(new Ca(entry.getKey(), entry.getValue()));
                }
                return below;
              });
    }
    return under;
  }

  /**
   * Verifies a list by the key of a CA under the anchor.
   *
   * @return the key identifier that names that key, or null if its certificate gives none
   * @throws CrlRefused if none of them signed it
   */
  static String requireSigned(CrlFile list, List<Ca> under) throws CrlRefused {
    CrlRefused refused = null;
    for (Ca ca : under) {
      if (!ca.certificate().getSubjectX500Principal().equals(list.facts().issuer())) {
        continue;
      }
      String keyId = keyId(ca.certificate());
      String named = list.facts().authorityKeyId();
      if (named != null && keyId != null && !named.equals(keyId)) {
        refused =
            new CrlRefused(
                CrlFault.CRL_SIGNATURE, "it names a key of its issuer that is not known here");
        continue;
      }
      try {
        if (!CertificateFacts.of(ca.certificate()).allows(KeyUsage.cRLSign)) {
          refused = new CrlRefused(CrlFault.CRL_SIGNATURE, "its issuer's key may not sign lists");
          continue;
        }
        list.requireSignedBy(ca.certificate());
        return keyId;
      } catch (CrlRefused e) {
        refused = e;
      } catch (CertificateParsingException e) {
        refused = new CrlRefused(CrlFault.CRL_SIGNATURE, "its issuer's certificate is unreadable");
      }
    }
    throw refused != null
        ? refused
        : new CrlRefused(
            CrlFault.CRL_UNKNOWN_ISSUER,
            "no CA under this anchor has the name " + list.facts().issuerName());
  }

  static String keyId(X509Certificate ca) {
    return RevocationPointers.subjectKeyId(ca);
  }

  /** A certificate of the table, whose bytes were read when it was stored. */
  static X509Certificate parse(byte[] der) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new IllegalStateException("a stored CA certificate is unreadable", e);
    }
  }

  private static boolean isIssuedBy(X509Certificate lower, X509Certificate issuer) {
    if (!lower.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
      return false;
    }
    try {
      lower.verify(issuer.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private Map<UUID, X509Certificate> read(UUID anchor) throws SQLException {
    Map<UUID, X509Certificate> found = new LinkedHashMap<>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(READ)) {
      statement.setObject(1, anchor);
      statement.setObject(2, anchor);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          try {
            found.put(
                rows.getObject("id", UUID.class),
                (X509Certificate)
                    CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(rows.getBytes("der"))));
          } catch (CertificateException e) {
            // TrustStore says so where it matters; such a row signs nothing.
            continue;
          }
        }
      }
    }
    return found;
  }
}
