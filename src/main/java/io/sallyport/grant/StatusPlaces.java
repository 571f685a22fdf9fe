package io.sallyport.grant;

import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * Gives every new grant its place in a status list, from memory: this replica leases a block of
 * places at a time and the next one while the last is still half full. Places of a block are given
 * in random order; those left over when its time is up are never given.
 *
 * <p>Promise: no place is given twice, on any replica; a place is given only while its list is
 * served and for as long as its grants can be found by the time of their ids.
 */
public final class StatusPlaces {

  private static final Logger LOG = Logger.getLogger(StatusPlaces.class);

  /** Places of a list: 16 KiB of bits before they are compressed. */
  public static final int CAPACITY = 1 << 17;

  static final int BLOCK = 1024;

  /** How long blocks are leased from one list. */
  static final Duration LIST_OPEN = Duration.ofHours(1);

  /** How long the places of a block are given. */
  static final Duration BLOCK_USED = Duration.ofMinutes(5);

  // The row stays locked until the commit, so two replicas never lease the same block; who waited
  // for it and then finds it full opens a list.
  private static final String LEASE =
      """
      update status_list set leased = leased + ?, used_until = greatest(used_until, ?)
      where id = (
        select id from status_list
        where leased + ? <= capacity and closes_at > ? order by id desc limit 1 for update)
        and leased + ? <= capacity
      returning id, leased
      """;

  private static final String OPEN =
      """
      insert into status_list (capacity, leased, opened_at, closes_at, used_until) values (?, ?, ?, ?, ?)
      returning id, leased
      """;

  private final DataSource dataSource;
  private final Clock clock;
  private final SecureRandom random;
  private final Executor background;
  private final AtomicBoolean leasing = new AtomicBoolean();

  private Block current = Block.NONE;
  private Block next = Block.NONE;

  /**
   * @param background where the next block is leased ahead of its need
   */
  public StatusPlaces(
      DataSource dataSource, Clock clock, SecureRandom random, Executor background) {
    this.dataSource = dataSource;
    this.clock = clock;
    this.random = random;
    this.background = background;
  }

  /** Places of one list in the order in which they are given. */
  private static final class Block {

    static final Block NONE = new Block(0, new int[0], Instant.MIN);

    private final long list;
    private final int[] places;
    private final Instant until;
    private int given;

    Block(long list, int[] places, Instant until) {
      this.list = list;
      this.places = places;
      this.until = until;
    }

    boolean hasOne(Instant now) {
      return given < places.length && now.isBefore(until);
    }

    boolean isHalfGiven() {
      return given * 2 >= places.length;
    }

    StatusPlace give() {
      return new StatusPlace(list, places[given++]);
    }
  }

  /**
   * The next place. Blocks only at the first use, after a long silence, or when the block that was
   * leased ahead is not there yet.
   *
   * @throws SQLException if a block was needed and could not be leased
   */
  public StatusPlace next() throws SQLException {
    Instant now = clock.instant();
    StatusPlace place;
    boolean ahead;
    synchronized (this) {
      if (!current.hasOne(now)) {
        current = next.hasOne(now) ? next : lease();
        next = Block.NONE;
      }
      place = current.give();
      ahead = current.isHalfGiven() && !next.hasOne(now);
    }
    if (ahead && leasing.compareAndSet(false, true)) {
      background.execute(this::leaseAhead);
    }
    return place;
  }

  private void leaseAhead() {
    try {
      Block block = lease();
      synchronized (this) {
        next = block;
      }
    } catch (SQLException | RuntimeException e) {
      // Whoever needs it leases it for himself, and is told.
      LOG.debug("no block of status places was leased ahead", e);
    } finally {
      leasing.set(false);
    }
  }

  private Block lease() throws SQLException {
    Instant now = clock.instant();
    Instant until = now.plus(BLOCK_USED);
    try (var connection = dataSource.getConnection()) {
      Block block = leaseOf(connection, now, until);
      return block == null ? open(connection, now, until) : block;
    }
  }

  private Block leaseOf(Connection connection, Instant now, Instant until) throws SQLException {
    try (var statement = connection.prepareStatement(LEASE)) {
      statement.setInt(1, BLOCK);
      statement.setTimestamp(2, Timestamp.from(until));
      statement.setInt(3, BLOCK);
      statement.setTimestamp(4, Timestamp.from(now));
      statement.setInt(5, BLOCK);
      try (var rows = statement.executeQuery()) {
        return rows.next() ? block(rows.getLong(1), rows.getInt(2), until) : null;
      }
    }
  }

  private Block open(Connection connection, Instant now, Instant until) throws SQLException {
    try (var statement = connection.prepareStatement(OPEN)) {
      statement.setInt(1, CAPACITY);
      statement.setInt(2, BLOCK);
      statement.setTimestamp(3, Timestamp.from(now));
      statement.setTimestamp(4, Timestamp.from(now.plus(LIST_OPEN)));
      statement.setTimestamp(5, Timestamp.from(until));
      try (var rows = statement.executeQuery()) {
        rows.next();
        return block(rows.getLong(1), rows.getInt(2), until);
      }
    }
  }

  private Block block(long list, int leased, Instant until) {
    int[] places = new int[BLOCK];
    for (int i = 0; i < BLOCK; i++) {
      // Fisher and Yates' shuffle, inside out.
      int j = random.nextInt(i + 1);
      places[i] = places[j];
      places[j] = leased - BLOCK + i;
    }
    return new Block(list, places, until);
  }
}
