package io.sallyport.trust;

import io.sallyport.identity.CertificateThumbprint;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * This replica's {@link TrustSnapshot}, read from the table of CA certificates. It trusts nobody
 * until the first reload. Whoever wires it reloads at start, at every TRUST change of the feed, and
 * now and then to learn intermediates that other replicas have met.
 */
@ApplicationScoped
public class TrustStore {

  private static final Logger LOG = Logger.getLogger(TrustStore.class);

  private static final String READ = "select id, thumbprint, role, state, der from ca_certificate";

  private static final String ONE = "select thumbprint, der from ca_certificate where id = ?";

  private final DataSource dataSource;

  // What a row's id stands for never changes, whatever becomes of its state.
  private final Map<UUID, X509Certificate> byId = new ConcurrentHashMap<>();

  private volatile TrustSnapshot current = TrustSnapshot.empty();

  public TrustStore(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** The snapshot of the last reload that succeeded. Never blocks. */
  public TrustSnapshot current() {
    return current;
  }

  /**
   * These CA certificates, whether they are trusted or not, in the same order.
   *
   * @throws SQLException if one can't be read
   */
  public List<X509Certificate> certificates(List<UUID> ids) throws SQLException {
    List<X509Certificate> found = new ArrayList<>();
    for (UUID id : ids) {
      X509Certificate known = byId.get(id);
      if (known == null) {
        known = read(id);
        byId.put(id, known);
      }
      found.add(known);
    }
    return List.copyOf(found);
  }

  private X509Certificate read(UUID id) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(ONE)) {
      statement.setObject(1, id);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new SQLException("no CA certificate has the id " + id);
        }
        return certificate(row.getBytes("der"), row.getBytes("thumbprint"));
      }
    } catch (CertificateException e) {
      throw new SQLException("CA certificate " + id + " can't be read", e);
    }
  }

  /**
   * Reads the table anew. Reloads are done one after another, so that an older one never overtakes
   * a newer.
   *
   * @return false if the database could not be read; the old snapshot stays in use then
   */
  public synchronized boolean reload() {
    try {
      current = read();
      return true;
    } catch (SQLException | RuntimeException e) {
      LOG.warnf(
          "trust anchors could not be reloaded, the old ones stay in use: %s", e.getMessage());
      return false;
    }
  }

  private TrustSnapshot read() throws SQLException {
    List<X509Certificate> anchors = new ArrayList<>();
    List<X509Certificate> intermediates = new ArrayList<>();
    List<X509Certificate> barred = new ArrayList<>();
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(READ);
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        List<X509Certificate> kind =
            !rows.getString("state").equals("trusted")
                ? barred
                : rows.getString("role").equals("anchor") ? anchors : intermediates;
        try {
          kind.add(certificate(rows.getBytes("der"), rows.getBytes("thumbprint")));
        } catch (CertificateException e) {
          // One bad row must not shut the door for all, nor keep a removal from being learned.
          LOG.errorf("CA certificate %s is left out: %s", rows.getString("id"), e.getMessage());
        }
      }
    }
    return TrustSnapshot.of(anchors, intermediates, barred);
  }

  private static X509Certificate certificate(byte[] der, byte[] thumbprint)
      throws CertificateException {
    if (!Arrays.equals(CertificateThumbprint.ofDer(der).bytes(), thumbprint)) {
      throw new CertificateException("its bytes are not those of its thumbprint");
    }
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }
}
