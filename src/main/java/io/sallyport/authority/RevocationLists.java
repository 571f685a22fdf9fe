package io.sallyport.authority;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.authority.CrlPublisher.Draft;
import io.sallyport.feed.ChangeKind;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import javax.security.auth.x500.X500Principal;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * The CRLs of our issuing CAs (RFC 5280 section 5) as this replica serves them: the lists that were
 * published in Postgres by whichever replica came first, the same octets everywhere. A number is
 * never given to two lists, and grows over replicas and restarts.
 *
 * <p>{@link #refresh} does all the work; asking for a list reads memory alone, so strangers can
 * make us neither sign nor query. While Postgres is away, the last list is given out for as long as
 * it is valid.
 */
@Singleton
public class RevocationLists {

  private static final Logger LOG = Logger.getLogger(RevocationLists.class);

  /** A list can be replaced while it is fetched; one that is replaced this often is let be. */
  private static final int ATTEMPTS = 3;

  private final DataSource dataSource;
  private final AuthorityMaterial authority;
  private final AuthoritySettings authoritySettings;
  private final CrlSettings settings;
  private final ChangeLog changes;
  private final AuditLog audit;
  private final Uuids ids;
  private final Clock clock;
  private final SecureRandom random;
  private final ListFiles files;
  private final Map<String, SignedList> lists = new ConcurrentHashMap<>();
  private final Map<String, Exception> impediments = new ConcurrentHashMap<>();

  RevocationLists(
      DataSource dataSource,
      AuthorityMaterial authority,
      AuthoritySettings authoritySettings,
      CrlSettings settings,
      ChangeLog changes,
      AuditLog audit,
      Uuids ids,
      Clock clock,
      SecureRandom random) {
    this.dataSource = dataSource;
    this.authority = authority;
    this.authoritySettings = authoritySettings;
    this.settings = settings;
    this.changes = changes;
    this.audit = audit;
    this.ids = ids;
    this.clock = clock;
    this.random = random;
    try {
      this.files = new ListFiles(settings.folder());
    } catch (IOException e) {
      throw new UncheckedIOException("the folder of the CRLs can't be prepared", e);
    }
  }

  /**
   * The list of one CA and shard; empty if there is no such CA or shard.
   *
   * @throws ProblemException 503 if there is none now, or only one that has ended
   */
  Optional<SignedList> current(String caId, int shard) {
    SignedList list = lists.get(name(caId, shard));
    if (list != null && clock.instant().isBefore(list.nextUpdate())) {
      return Optional.of(list);
    }
    if (list == null && (authority.issuing(caId).isEmpty() || shard >= settings.shards())) {
      return Optional.empty();
    }
    throw new ProblemException(
        Problem.of(
            "no_valid_list",
            "There is no valid list now",
            503,
            "the last one ended, and none could be signed since"));
  }

  /**
   * Publishes the lists that are due, unless another replica does, and takes over what was
   * published. On return, what was revoked before the call is on the lists that this replica
   * serves, if no other replica was publishing; then a later call finds it there.
   *
   * @return whether all of it could be done
   */
  public synchronized boolean refresh() {
    boolean allDone = true;
    var fetchedOnly = new LinkedHashMap<String, X509Certificate>();
    authority.caCertificates().forEach(ca -> fetchedOnly.put(IssuingCa.idOf(ca), ca));
    for (IssuingCa ca : authority.issuing()) {
      fetchedOnly.remove(ca.id());
      allDone &= attempt(ca.id(), () -> refresh(ca));
    }
    // A CA whose key is gone has the lists it had.
    for (var ca : fetchedOnly.entrySet()) {
      allDone &= attempt(ca.getKey(), () -> fetch(ca.getKey(), ca.getValue()));
    }
    return allDone;
  }

  private interface Work {
    void run() throws SQLException, IOException;
  }

  private boolean attempt(String caId, Work work) {
    try {
      work.run();
      if (impediments.remove(caId) != null) {
        LOG.infof("The CRLs of %s are up to date again", caId);
      }
      return true;
    } catch (SQLException | IOException | RuntimeException e) {
      if (impediments.put(caId, e) == null) {
        LOG.warnf(e, "The CRLs of %s are not renewed now", caId);
      }
      return false;
    }
  }

  private void fetch(String caId, X509Certificate ca) throws SQLException, IOException {
    var store = new CrlStore(issuerKey(ca));
    try (var connection = dataSource.getConnection()) {
      for (int shard : store.shards(connection)) {
        last(connection, caId, store, shard);
      }
    }
  }

  /** When the first of the lists that this replica serves ends; empty if it has none. */
  public Optional<Instant> earliestEnd() {
    return lists.values().stream().map(SignedList::nextUpdate).min(Instant::compareTo);
  }

  private void refresh(IssuingCa ca) throws SQLException, IOException {
    byte[] issuerKey = issuerKey(ca.certificate());
    var store = new CrlStore(issuerKey);
    var publisher = new CrlPublisher(ca, issuerKey, files, authoritySettings, settings, random);
    boolean published = false;
    try (var connection = dataSource.getConnection()) {
      if (isDue(connection, ca, store, publisher)) {
        published = publish(connection, ca, store, publisher);
      }
    }
    if (published) {
      changes.append(ChangeKind.CRL, ca.id());
    }
  }

  private boolean isDue(Connection connection, IssuingCa ca, CrlStore store, CrlPublisher publisher)
      throws SQLException, IOException {
    Set<Integer> shards = new TreeSet<>(store.shards(connection));
    for (int shard = 0; shard < settings.shards(); shard++) {
      shards.add(shard);
    }
    boolean due = store.isPending(connection);
    for (int shard : shards) {
      due |= publisher.isDue(last(connection, ca.id(), store, shard), clock.instant());
    }
    return due;
  }

  private boolean publish(
      Connection connection, IssuingCa ca, CrlStore store, CrlPublisher publisher)
      throws SQLException, IOException {
    var drafts = new ArrayList<Draft>();
    try {
      connection.setAutoCommit(false);
      try {
        publisher.publish(
            connection, (tx, shard) -> last(tx, ca.id(), store, shard), clock.instant(), drafts);
        for (Draft draft : drafts) {
          record(connection, ca, draft.list());
        }
        connection.commit();
      } catch (SQLException | IOException | RuntimeException e) {
        connection.rollback();
        throw e;
      } finally {
        connection.setAutoCommit(true);
      }
      // Served only now: what did not commit may get another content under the same number.
      for (Draft draft : drafts) {
        files
            .write(
                name(ca.id(), draft.list().shard()),
                draft.list(),
                draft.entries().file(),
                draft.pieces(),
                connection)
            .ifPresent(list -> lists.put(name(ca.id(), list.published().shard()), list));
      }
      return !drafts.isEmpty();
    } finally {
      for (Draft draft : drafts) {
        draft.entries().close();
      }
    }
  }

  private void record(Connection connection, IssuingCa ca, PublishedList list) throws SQLException {
    audit.appendChange(
        connection,
        new ChangeRecord(
            ids.next(),
            clock.instant(),
            "crl.publish",
            "system",
            null,
            null,
            null,
            Map.of(),
            Map.of(
                "ca", ca.id(),
                "shard", list.shard(),
                "number", Long.toString(list.number()),
                "thisUpdate", list.thisUpdate().toString(),
                "nextUpdate", list.nextUpdate().toString(),
                "entries", list.entries(),
                "sha256", HexFormat.of().formatHex(list.sha256()))));
  }

  /**
   * The last published list of a shard, fetched if this replica has an older one; null if there is
   * none.
   */
  private SignedList last(Connection connection, String caId, CrlStore store, int shard)
      throws SQLException, IOException {
    String name = name(caId, shard);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      SignedList here = lists.get(name);
      long number = store.lastNumber(connection, shard);
      if (here != null && here.number() == number) {
        return here;
      }
      if (number == 0 || here != null && here.number() > number) {
        // None yet, or a database brought back from a back-up: then ours is served on, and a list
        // is built that is newer than both.
        return null;
      }
      Optional<PublishedList> newer = store.last(connection, shard);
      if (newer.isEmpty()) {
        continue;
      }
      Optional<SignedList> fetched =
          files.write(
              name,
              newer.get(),
              here == null ? null : here.file(),
              here == null ? Map.of() : here.pieces(),
              connection);
      if (fetched.isPresent()) {
        lists.put(name, fetched.get());
        return fetched.get();
      }
    }
    throw new IOException("CRL " + name + " was replaced again and again while it was fetched");
  }

  private static String name(String caId, int shard) {
    return caId + "-" + shard;
  }

  static byte[] issuerKey(X509Certificate ca) {
    String name = ca.getSubjectX500Principal().getName(X500Principal.RFC2253);
    return new IssuerAndSerial(name, "0").issuerKey();
  }
}
