package io.sallyport.admission;

import io.sallyport.admission.PolicyCheck.Circumstances;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.UserFacts;
import io.sallyport.trust.PresentedChain;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Runs today's decision without making it: every check of a decision, by the classes that decide,
 * but no record, no grant and no registration comes of it. A responder of an outside CA may be
 * asked, as in a decision.
 */
public final class Explain {

  /** How many certificates of one device are looked at, the newest first. */
  public static final int MOST = 20;

  private static final String CERTIFICATES =
      """
      select c.thumbprint, c.der from certificate c
      where (c.device_id = ? or ?::uuid is null) and (?::bytea is null or c.thumbprint = ?)
      order by c.created_at desc, c.thumbprint limit %d
      """
          .formatted(MOST);

  private final DataSource dataSource;
  private final Assessor assessor;
  private final PolicyCheck policy;
  private final Clock clock;

  public Explain(DataSource dataSource, Assessor assessor, PolicyCheck policy, Clock clock) {
    this.dataSource = dataSource;
    this.assessor = assessor;
    this.policy = policy;
    this.clock = clock;
  }

  /** How a device would come. */
  public record As(Door door, SourceAddress source, Optional<UserFacts> user) {}

  /** What would become of one certificate. */
  public record Explained(CertificateThumbprint certificate, DryRun result) {}

  /** Now, for whoever describes a person. */
  public Instant now() {
    return clock.instant();
  }

  /**
   * The dry run of each certificate of the device, the newest first; empty if it has none.
   *
   * @param only this certificate of the device alone, or null
   */
  public List<Explained> of(DeviceId device, CertificateThumbprint only, As as)
      throws SQLException {
    return run(device, only, as);
  }

  /** The dry run of a certificate; empty if it is not registered. */
  public Optional<DryRun> of(CertificateThumbprint certificate, As as) throws SQLException {
    return run(null, certificate, as).stream().map(Explained::result).findFirst();
  }

  private List<Explained> run(DeviceId device, CertificateThumbprint only, As as)
      throws SQLException {
    Circumstances circumstances =
        new Circumstances(as.door(), as.source(), as.user(), clock.instant());
    List<Explained> explained = new ArrayList<>();
    for (X509Certificate certificate : certificates(device, only)) {
      PresentedChain chain = PresentedChain.of(certificate);
      explained.add(new Explained(chain.thumbprint(), run(chain, circumstances)));
    }
    return explained;
  }

  private DryRun run(PresentedChain chain, Circumstances circumstances) {
    try {
      Assessment assessment = assessor.assess(chain, circumstances.now());
      if (assessment.known() != null) {
        Assessor.checkLifecycle(assessment);
      }
      if (assessment.sound() && assessment.standing() == null) {
        // Its anchor finds devices in another way by now: the next join registers it anew, and the
        // policy is asked about what is stored then.
        PolicyCheck.skip("bound anew at the next join", assessment);
        return DryRun.undecided(null, assessment.checks());
      }
      return DryRun.of(
          assessment,
          assessment.sound() ? policy.inForce(assessment.standing()) : null,
          circumstances,
          policy);
    } catch (StoreUnavailableException e) {
      return DryRun.undecided(e.undecided(), List.of());
    }
  }

  private List<X509Certificate> certificates(DeviceId device, CertificateThumbprint only)
      throws SQLException {
    UUID id = device == null ? null : device.value();
    byte[] thumbprint = only == null ? null : only.bytes();
    List<X509Certificate> found = new ArrayList<>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(CERTIFICATES)) {
      statement.setObject(1, id);
      statement.setObject(2, id);
      statement.setBytes(3, thumbprint);
      statement.setBytes(4, thumbprint);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(certificate(rows.getBytes(2)));
        }
      }
    }
    return found;
  }

  static X509Certificate certificate(byte[] der) throws SQLException {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new SQLException("a registered certificate can't be read", e);
    }
  }
}
