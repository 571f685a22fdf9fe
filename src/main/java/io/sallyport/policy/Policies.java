package io.sallyport.policy;

import io.sallyport.seal.MasterKey;
import io.sallyport.seal.RowMac;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;

/**
 * Policies by their version. A version never changes, so that the compiled ones are kept; which of
 * them is in force is not known here: the decision reads {@code policy_head} in its own statement,
 * each time.
 */
public class Policies {

  private static final String READ = "select rules, mac from policy_version where version = ?";

  /** Versions in use at the same time: the one in force, and those of grants being looked at. */
  private static final int KEPT = 16;

  private static final long PATIENCE_SECONDS = 10;

  private final DataSource dataSource;
  private final RowMac mac;
  private final PolicySettings settings;
  private final Map<Long, Policy> compiled =
      new LinkedHashMap<>(2 * KEPT, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Policy> eldest) {
          return size() > KEPT;
        }
      };

  /** Who compiles which version: after a save everybody needs the same one at once. */
  private final Map<Long, FutureTask<Policy>> reading = new ConcurrentHashMap<>();

  public Policies(DataSource dataSource, MasterKey masterKey, PolicySettings settings) {
    this.dataSource = dataSource;
    this.mac = new RowMac(masterKey, "policy");
    this.settings = settings;
  }

  /**
   * The policy of this version; from memory once it was read.
   *
   * @throws SQLException if it can't be read, is not there, was not written by this installation,
   *     or can't be compiled any more: nobody can be admitted then
   */
  public Policy inForce(long version) throws SQLException {
    synchronized (compiled) {
      Policy known = compiled.get(version);
      if (known != null) {
        return known;
      }
    }
    FutureTask<Policy> mine = new FutureTask<>(() -> compiled(version));
    FutureTask<Policy> reading = this.reading.putIfAbsent(version, mine);
    if (reading == null) {
      reading = mine;
      mine.run();
      this.reading.remove(version, mine);
    }
    try {
      return reading.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new SQLException(e.getCause().getMessage(), e.getCause());
    } catch (TimeoutException e) {
      throw new SQLException("policy version " + version + " is not compiled in time", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("interrupted", e);
    }
  }

  private Policy compiled(long version) throws SQLException {
    synchronized (compiled) {
      Policy known = compiled.get(version);
      if (known != null) {
        return known;
      }
    }
    Policy policy = compile(version, read(version));
    synchronized (compiled) {
      compiled.put(version, policy);
    }
    return policy;
  }

  /** Checks rules without storing them, for validation and simulation. */
  public PolicyDraft draft(PolicyRules rules) {
    return PolicyCompiler.compile(0, rules, settings);
  }

  /** What proves that a version's rules were written by this installation. */
  byte[] mac(long version, String rules) {
    return mac.over(fields(version, rules));
  }

  /** The rules, proven to be ours; no connection is held while they are compiled. */
  private String read(long version) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(READ)) {
      statement.setLong(1, version);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new SQLException("there is no policy version " + version);
        }
        String rules = row.getString(1);
        if (!genuine(version, rules, row.getBytes(2))) {
          throw new SQLException("policy version " + version + " was not written by Sallyport");
        }
        return rules;
      }
    }
  }

  private Policy compile(long version, String rules) throws SQLException {
    try {
      return switch (PolicyCompiler.compile(version, RulesJson.read(rules), settings)) {
        case PolicyDraft.Sound sound -> sound.policy();
        case PolicyDraft.Faulty faulty ->
            throw new SQLException(
                "policy version " + version + " can't be used: " + faulty.faults().getFirst());
      };
    } catch (IllegalArgumentException e) {
      throw new SQLException("policy version " + version + " can't be read", e);
    }
  }

  // The migration can't know the master key: its row is genuine if it says what it must say.
  private boolean genuine(long version, String rules, byte[] stored) {
    return stored == null
        ? version == 1 && rules.equals(RulesJson.write(PolicyRules.DEFAULT))
        : mac.matches(stored, fields(version, rules));
  }

  private static byte[][] fields(long version, String rules) {
    return new byte[][] {
      ByteBuffer.allocate(Long.BYTES).putLong(version).array(),
      rules.getBytes(StandardCharsets.UTF_8)
    };
  }
}
