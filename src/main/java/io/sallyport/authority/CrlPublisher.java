package io.sallyport.authority;

import io.sallyport.authority.CrlStore.Entry;
import io.sallyport.authority.SignedList.Piece;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.channels.FileChannel;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Makes the next lists of one CA, in one transaction of the caller's: what {@link
 * CrlStore#takePending} took is on the lists that commit with it, or stays pending.
 *
 * <p>Entries that were encoded for the list before are taken over as they are. All are read and
 * encoded anew once a day, which drops those of certificates that ended, or when too many changed
 * at once.
 */
final class CrlPublisher {

  /** More changes than this are cheaper by reading everything. */
  static final int MOST_CHANGES = 10_000;

  private static final int PAGE = 5_000;
  private static final int SHARDS_AT_ONCE = 16;

  private static final Duration BUILT_ANEW_AFTER = Duration.ofDays(1);

  /** An expired certificate stays listed this long, so that no list ever lacked it. */
  private static final Duration LISTED_AFTER_EXPIRY = Duration.ofDays(7);

  /** A list that is not committed yet, with its entries in a file. */
  record Draft(PublishedList list, EntriesFile entries, Map<Long, Piece> pieces) {}

  /** What this replica knows to be the last published list of a shard, or null if there is none. */
  interface Last {
    SignedList of(Connection connection, int shard) throws SQLException, IOException;
  }

  private final IssuingCa ca;
  private final CrlStore store;
  private final byte[] issuerKey;
  private final ListFiles files;
  private final AuthoritySettings authority;
  private final CrlSettings settings;
  private final SecureRandom random;

  CrlPublisher(
      IssuingCa ca,
      byte[] issuerKey,
      ListFiles files,
      AuthoritySettings authority,
      CrlSettings settings,
      SecureRandom random) {
    this.ca = ca;
    this.issuerKey = issuerKey;
    this.store = new CrlStore(issuerKey);
    this.files = files;
    this.authority = authority;
    this.settings = settings;
    this.random = random;
  }

  /** Whether a list must be signed anew though nothing was revoked. */
  boolean isDue(SignedList last, Instant now) {
    return last == null || mustBeBuilt(last, now) || mustBeRenewed(last, now);
  }

  private boolean mustBeRenewed(SignedList last, Instant now) {
    return !now.isBefore(last.nextUpdate().minus(settings.renewBefore()));
  }

  private static boolean mustBeBuilt(SignedList last, Instant now) {
    return last == null || !now.isBefore(last.published().builtAt().plus(BUILT_ANEW_AFTER));
  }

  /**
   * Publishes what is due, unless another replica does. Each draft's file must be closed by the
   * caller, also when this throws.
   *
   * @param drafts where the lists go that wait for the commit
   */
  void publish(Connection connection, Last lasts, Instant instant, List<Draft> drafts)
      throws SQLException, IOException {
    if (!store.lock(connection)) {
      return;
    }
    Instant now = instant.truncatedTo(ChronoUnit.SECONDS);
    var taken = store.takePending(connection, MOST_CHANGES);
    Map<Integer, List<Entry>> changed =
        store.entries(connection, taken.orElse(Set.of()), ended(now), settings.shards()).stream()
            .collect(Collectors.groupingBy(Entry::shard, TreeMap::new, Collectors.toList()));
    var shards = new TreeSet<>(store.shards(connection));
    shards.addAll(changed.keySet());
    for (int shard = 0; shard < settings.shards(); shard++) {
      shards.add(shard);
    }
    var toBuild = new ArrayList<Integer>();
    for (int shard : shards) {
      SignedList last = lasts.of(connection, shard);
      if (taken.isEmpty() || mustBeBuilt(last, now)) {
        toBuild.add(shard);
      } else if (changed.containsKey(shard) || mustBeRenewed(last, now)) {
        drafts.add(amended(connection, last, changed.getOrDefault(shard, List.of()), now));
      }
    }
    if (!toBuild.isEmpty()) {
      store.forgetPendingOfOthers(connection);
      store.walkByIndex(connection);
    }
    for (int from = 0; from < toBuild.size(); from += SHARDS_AT_ONCE) {
      int to = Math.min(from + SHARDS_AT_ONCE, toBuild.size());
      build(connection, toBuild.subList(from, to), now, drafts);
    }
  }

  private static Instant ended(Instant now) {
    return now.minus(LISTED_AFTER_EXPIRY);
  }

  /** The last list with these entries added, or in place of those of the same serial. */
  private Draft amended(Connection connection, SignedList last, List<Entry> changed, Instant now)
      throws SQLException, IOException {
    Set<BigInteger> serials = changed.stream().map(Entry::serial).collect(Collectors.toSet());
    EntriesFile entries = files.draft();
    try (var file = FileChannel.open(last.file())) {
      for (long id : last.published().chunks()) {
        byte[] der = ListFiles.read(file, last.pieces().get(id));
        var remaining = CrlEntry.without(der, serials);
        boolean isUnchanged = remaining.der().length == der.length;
        if (isUnchanged && (changed.isEmpty() || !EntriesFile.isSmall(der.length))) {
          entries.keep(id, der, remaining.entries());
        } else {
          entries.add(remaining.der(), remaining.entries());
        }
      }
      for (Entry entry : changed) {
        entries.add(entry.der(), 1);
      }
      return signed(connection, last.published().shard(), entries, last.published().builtAt(), now);
    } catch (SQLException | IOException | RuntimeException e) {
      entries.close();
      throw e;
    }
  }

  /** Lists made of every revocation there is, in one walk for these shards. */
  private void build(Connection connection, List<Integer> shards, Instant now, List<Draft> drafts)
      throws SQLException, IOException {
    var open = new HashMap<Integer, EntriesFile>();
    try {
      for (int shard : shards) {
        open.put(shard, files.draft());
      }
      String last = "";
      while (last != null) {
        var page = new ArrayList<Entry>(PAGE);
        last = store.page(connection, last, PAGE, ended(now), settings.shards(), page);
        for (Entry entry : page) {
          EntriesFile entries = open.get(entry.shard());
          if (entries != null) {
            entries.add(entry.der(), 1);
          }
        }
      }
      for (int shard : shards) {
        drafts.add(signed(connection, shard, open.get(shard), now, now));
        open.remove(shard);
      }
    } finally {
      for (EntriesFile entries : open.values()) {
        entries.close();
      }
    }
  }

  private Draft signed(
      Connection connection, int shard, EntriesFile entries, Instant builtAt, Instant now)
      throws SQLException, IOException {
    entries.complete();
    long number = store.nextNumber(connection, shard, now);
    Instant nextUpdate = now.plus(settings.lifetime());
    var frame =
        CrlFrame.sign(
            ca,
            new CrlFrame.Heading(number, now, nextUpdate, authority.crlUrl(ca.id(), shard)),
            entries.file(),
            random);
    Map<Long, Piece> pieces = entries.store(connection, store, shard);
    long length = frame.prefix().length + entries.size() + frame.suffix().length;
    var list =
        new PublishedList(
            issuerKey,
            shard,
            number,
            now,
            nextUpdate,
            builtAt,
            entries.entries(),
            length,
            frame.sha256(),
            frame.prefix(),
            List.copyOf(pieces.keySet()),
            frame.suffix());
    store.publish(connection, list);
    return new Draft(list, entries, pieces);
  }
}
