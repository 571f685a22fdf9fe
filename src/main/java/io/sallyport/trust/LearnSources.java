package io.sallyport.trust;

import io.sallyport.identity.ProblemException;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Learns where lists are found from certificates that are registered and chains that are judged. It
 * never holds up either: what doesn't fit in the queue is learned at the certificate's next
 * appearance.
 */
public final class LearnSources {

  private static final Logger LOG = Logger.getLogger(LearnSources.class);

  private static final int QUEUE = 1_024;
  private static final int REMEMBERED = 100_000;

  // The chain below the anchor of a registered certificate: itself, then its issuers.
  private static final String CHAIN =
      """
      select 0 as position, c.der, c.path[cardinality(c.path)] as anchor
      from certificate c join trust_anchor t on t.id = c.path[cardinality(c.path)] and t.evidence = 'issuer'
      where c.thumbprint = ?
      union all
      select p.position::int, a.der, c.path[cardinality(c.path)]
      from certificate c
      join trust_anchor t on t.id = c.path[cardinality(c.path)] and t.evidence = 'issuer'
      cross join lateral unnest(c.path) with ordinality as p (id, position)
      join ca_certificate a on a.id = p.id
      where c.thumbprint = ? and p.position < cardinality(c.path)
      order by position
      """;

  private record Place(UUID anchor, URI url) {}

  private record Issuer(UUID anchor, X509Certificate certificate) {}

  private final DataSource dataSource;
  private final CrlSources sources;
  private final CaCertificates cas;
  private final BlockingQueue<Object> queue = new ArrayBlockingQueue<>(QUEUE);
  private final Set<Object> known = ConcurrentHashMap.newKeySet();

  LearnSources(DataSource dataSource, CrlSources sources, CaCertificates cas) {
    this.dataSource = dataSource;
    this.sources = sources;
    this.cas = cas;
  }

  /** A chain was judged. Never blocks. */
  void asked(EvidenceQuestion question) {
    boolean news =
        question.subjects().stream()
            .flatMap(
                subject ->
                    Stream.concat(subject.crlPoints().stream(), subject.freshestPoints().stream()))
            .anyMatch(url -> isNews(question.anchor(), url));
    if (news || issuers(question).stream().anyMatch(issuer -> !known.contains(issuer))) {
      queue.offer(question);
    }
  }

  /**
   * A certificate was registered, or changed otherwise. Never blocks.
   *
   * @param thumbprint hexadecimal
   */
  public void registered(String thumbprint) {
    queue.offer(thumbprint);
  }

  /** Anchors have changed: what was learned may have been forgotten with them. */
  public void anchorsChanged() {
    known.clear();
  }

  /** Works off the queue; returns once it is empty. */
  public void learn() throws SQLException {
    for (Object next = queue.poll(); next != null; next = queue.poll()) {
      switch (next) {
        case EvidenceQuestion question -> learn(question);
        case String thumbprint -> learn(thumbprint);
        default -> throw new IllegalStateException("only questions and thumbprints are queued");
      }
    }
  }

  private boolean isNews(UUID anchor, URI url) {
    return CrlSources.isFetchable(url) && !known.contains(new Place(anchor, url));
  }

  private void learn(EvidenceQuestion question) throws SQLException {
    // An issuer that is only presented must be known before its list can be verified.
    for (Issuer issuer : issuers(question)) {
      if (!known.contains(issuer)) {
        try {
          cas.ensureIntermediate(issuer.certificate());
          sources.soonAfterUnknownIssuer(question.anchor());
        } catch (ProblemException e) {
          // Removed or revoked meanwhile: its lists are no longer wanted.
          LOG.debug("an intermediate is not trusted any more", e);
        }
        remember(issuer);
      }
    }
    for (EvidenceQuestion.Subject subject : question.subjects()) {
      learn(question.anchor(), subject.crlPoints(), false);
      learn(question.anchor(), subject.freshestPoints(), true);
    }
  }

  private void learn(UUID anchor, List<URI> urls, boolean delta) throws SQLException {
    for (URI url : urls) {
      if (isNews(anchor, url)) {
        sources.learn(anchor, url, delta);
        remember(new Place(anchor, url));
      }
    }
  }

  private static List<Issuer> issuers(EvidenceQuestion question) {
    return question.certificates().stream()
        .skip(1)
        .map(certificate -> new Issuer(question.anchor(), certificate))
        .toList();
  }

  private void remember(Object what) {
    if (known.size() >= REMEMBERED) {
      known.clear();
    }
    known.add(what);
  }

  private void learn(String thumbprint) throws SQLException {
    byte[] bytes = HexFormat.of().parseHex(thumbprint);
    UUID anchor = null;
    List<X509Certificate> chain = new ArrayList<>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(CHAIN)) {
      statement.setBytes(1, bytes);
      statement.setBytes(2, bytes);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          anchor = rows.getObject("anchor", UUID.class);
          chain.add(
              (X509Certificate)
                  CertificateFactory.getInstance("X.509")
                      .generateCertificate(new ByteArrayInputStream(rows.getBytes("der"))));
        }
      }
    } catch (CertificateException e) {
      // It was readable when it was registered; TrustStore raises the alert for such rows.
      return;
    }
    if (anchor != null && !chain.isEmpty()) {
      learn(EvidenceQuestion.of(anchor, chain));
    }
  }
}
