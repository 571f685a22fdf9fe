package io.sallyport.admission;

import io.sallyport.grant.StatusBits;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.Uuids;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;

/**
 * What a status list says at this moment, read from the primary. One statement over all of its
 * grants finds those that were ended, or whose device, certificate or issuers are not what they
 * were when the grant was decided. The others are put to {@link LiveGrants}, which asks the policy
 * too: at most 2000 for each reading, beginning where the last one of this list stopped, so that
 * what only the policy ends is told later in a list with more grants than that.
 */
public final class StatusListQuery {

  private static final String LIST =
      "select capacity, opened_at, used_until from status_list where id = ?";

  // Until the last place was given there may be a grant at any moment.
  private static final String LISTS = "select id from status_list order by id desc limit 1000";

  private static final String HIGHEST = "select coalesce(max(id), 0) from status_list";

  private static final String OLD_LISTS =
      "select id from status_list where used_until < ? order by id limit 1000";

  private static final String FORGET = "delete from status_list where id = ?";

  private static final String ANY_UNEXPIRED =
      """
      select 1 from session_grant g
      where g.id >= ? and g.id < ? and g.status_list = ? and g.expires_at > ? limit 1
      """;

  // The same conditions as those of a live grant that need no policy; expired tokens need no bit.
  private static final String GRANTS =
      """
      select g.id, g.status_index, g.ended_at is not null
          or g.user_facts is not null and not exists (
            select 1 from identity_provider i
            where i.issuer = g.user_facts ->> 'issuer' and i.state = 'active')
          or not exists (
          select 1
          from device d
          join certificate c on c.thumbprint = g.thumbprint
          join trust_anchor t on t.id = c.path[cardinality(c.path)] and t.binding = c.binding
          where d.id = g.device_id and d.epoch = g.device_epoch and d.state = 'active'
            and (t.purposes = '{}' or d.kind = any (t.purposes))
            and c.epoch + t.revision = g.certificate_epoch
            and (c.ends_at is null or c.ends_at > ?)
            and not exists (
              select 1 from revocation r where r.issuer_key = c.issuer_key and r.serial = c.serial)
            and not exists (
              select 1 from ca_certificate a where a.id = any (c.path) and a.state <> 'trusted'))
      from session_grant g
      where g.id >= ? and g.id < ? and g.status_list = ? and g.expires_at > ?
      order by g.status_index
      """;

  // By how much the clocks of two replicas may differ; only lets more rows be looked at.
  private static final Duration SKEW = Duration.ofMinutes(5);

  private static final Duration KEPT = Duration.ofDays(1);

  private static final int MOST_JUDGED = 2000;
  private static final int JUDGED_AT_ONCE = 500;

  private final DataSource dataSource;
  private final LiveGrants grants;
  private final Clock clock;
  private final Map<Long, Judged> judged = new ConcurrentHashMap<>();

  public StatusListQuery(DataSource dataSource, LiveGrants grants, Clock clock) {
    this.dataSource = dataSource;
    this.grants = grants;
    this.clock = clock;
  }

  /**
   * A list as it was read.
   *
   * @param at a moment before it was read
   */
  public record Read(StatusBits bits, Instant at) {}

  private record Range(int capacity, Instant openedAt, Instant usedUntil) {}

  /**
   * The list, unless there never was one of this number or all of its grants have expired.
   *
   * @throws StoreUnavailableException if the policy can't be asked now
   */
  public Optional<Read> read(long list) throws SQLException, StoreUnavailableException {
    Instant now = clock.instant();
    Optional<Range> range;
    try (var connection = dataSource.getConnection()) {
      range = range(connection, list);
      if (range.isPresent() && !isServed(connection, list, range.get(), now)) {
        range = Optional.empty();
      }
    }
    if (range.isEmpty()) {
      judged.remove(list);
      return Optional.empty();
    }
    return Optional.of(new Read(bits(list, range.get(), now), now));
  }

  /** The numbers of the lists that {@link #read} may find, the newest first, at most 1000. */
  public List<Long> served() throws SQLException {
    Instant now = clock.instant();
    List<Long> served = new ArrayList<>();
    try (var connection = dataSource.getConnection()) {
      for (long list : numbers(connection, LISTS, null)) {
        Optional<Range> range = range(connection, list);
        if (range.isPresent() && isServed(connection, list, range.get(), now)) {
          served.add(list);
        }
      }
    }
    return served;
  }

  /** The highest number that a list was ever given; 0 if none was. Numbers are never used again. */
  public long highest() throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(HIGHEST);
        var row = statement.executeQuery()) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  /** Drops lists whose grants all expired more than a day ago. */
  public void forgetEnded() throws SQLException {
    judged.keySet().retainAll(Set.copyOf(served()));
    Instant now = clock.instant();
    try (var connection = dataSource.getConnection()) {
      for (long list : numbers(connection, OLD_LISTS, now.minus(KEPT))) {
        Optional<Range> range = range(connection, list);
        if (range.isPresent() && !isServed(connection, list, range.get(), now)) {
          try (var statement = connection.prepareStatement(FORGET)) {
            statement.setLong(1, list);
            statement.executeUpdate();
          }
        }
      }
    }
  }

  private static List<Long> numbers(Connection connection, String sql, Instant before)
      throws SQLException {
    List<Long> numbers = new ArrayList<>();
    try (var statement = connection.prepareStatement(sql)) {
      if (before != null) {
        statement.setTimestamp(1, Timestamp.from(before));
      }
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          numbers.add(rows.getLong(1));
        }
      }
    }
    return numbers;
  }

  private static Optional<Range> range(Connection connection, long list) throws SQLException {
    try (var statement = connection.prepareStatement(LIST)) {
      statement.setLong(1, list);
      try (var rows = statement.executeQuery()) {
        return rows.next()
            ? Optional.of(
                new Range(
                    rows.getInt(1),
                    rows.getTimestamp(2).toInstant(),
                    rows.getTimestamp(3).toInstant()))
            : Optional.empty();
      }
    }
  }

  private static boolean isServed(Connection connection, long list, Range range, Instant now)
      throws SQLException {
    if (range.usedUntil().isAfter(now)) {
      return true;
    }
    try (var statement = connection.prepareStatement(ANY_UNEXPIRED)) {
      bind(statement, 1, list, range, now);
      try (var rows = statement.executeQuery()) {
        return rows.next();
      }
    }
  }

  private record Place(GrantId grant, int index) {}

  // The connection goes back first: the policy is asked over another.
  private StatusBits bits(long list, Range range, Instant now)
      throws SQLException, StoreUnavailableException {
    StatusBits bits = new StatusBits(range.capacity());
    List<Place> others = new ArrayList<>();
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(GRANTS)) {
      statement.setTimestamp(1, Timestamp.from(now));
      bind(statement, 2, list, range, now);
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          if (rows.getBoolean(3)) {
            bits.invalid(rows.getInt(2));
          } else {
            others.add(new Place(new GrantId(rows.getObject(1, UUID.class)), rows.getInt(2)));
          }
        }
      }
    }
    judge(judged.computeIfAbsent(list, unknown -> new Judged()), others, bits);
    return bits;
  }

  /** How far the policy was asked about a list, and what it would not give any more. */
  private static final class Judged {
    private final BitSet dead = new BitSet();
    private int next;
  }

  private void judge(Judged judged, List<Place> places, StatusBits bits)
      throws SQLException, StoreUnavailableException {
    synchronized (judged) {
      int first = 0;
      while (first < places.size() && places.get(first).index() < judged.next) {
        first++;
      }
      int asked = Math.min(places.size(), MOST_JUDGED);
      for (int done = 0; done < asked; done += JUDGED_AT_ONCE) {
        List<Place> piece = new ArrayList<>();
        for (int i = done; i < Math.min(asked, done + JUDGED_AT_ONCE); i++) {
          piece.add(places.get((first + i) % places.size()));
        }
        Set<GrantId> dead = grants.deadOf(piece.stream().map(Place::grant).toList());
        piece.forEach(place -> judged.dead.set(place.index(), dead.contains(place.grant())));
        judged.next = piece.getLast().index() + 1;
      }
      places.stream().map(Place::index).filter(judged.dead::get).forEach(bits::invalid);
    }
  }

  private static void bind(
      PreparedStatement statement, int first, long list, Range range, Instant now)
      throws SQLException {
    statement.setObject(first, Uuids.lowest(range.openedAt().minus(SKEW)));
    statement.setObject(first + 1, Uuids.lowest(range.usedUntil().plus(SKEW)));
    statement.setLong(first + 2, list);
    statement.setTimestamp(first + 3, Timestamp.from(now));
  }
}
