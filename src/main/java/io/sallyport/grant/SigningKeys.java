package io.sallyport.grant;

import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.Uuids;
import io.sallyport.seal.MasterKey;
import io.sallyport.seal.RowMac;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * The ES256 keys of all replicas. Each replica makes its own in memory and publishes the public
 * half, with a MAC that only a holder of the master key can make; it signs only once that row is
 * committed, and the row outlives the last token signed with it. No private key is ever written
 * anywhere.
 */
public final class SigningKeys {

  private static final Logger LOG = Logger.getLogger(SigningKeys.class);

  private static final String PUBLISH =
      """
      insert into signing_key (kid, replica, public_jwk, signs_from, signs_until, verifies_until, mac)
      values (?, ?, ?, ?, ?, ?, ?)
      """;

  private static final String LIVE =
      "select kid, public_jwk, signs_until, verifies_until, mac from signing_key where verifies_until > ?";

  private static final String FIND =
      """
      select kid, public_jwk, signs_until, verifies_until, mac from signing_key
      where kid = ? and verifies_until > ?
      """;

  private static final String FORGET = "delete from signing_key where verifies_until < ?";

  private final DataSource dataSource;
  private final RowMac mac;
  private final GrantSettings settings;
  private final String replica;
  private final Clock clock;
  private final SecureRandom random;
  private final Uuids ids;
  private final Consumer<ChangeRecord> record;

  private volatile Current current;

  /** A key that may sign until {@code until}; its row is committed. */
  record Current(String kid, PrivateKey key, Instant until) {}

  /**
   * @param record puts on record that a key was published; where it throws, that key never signs
   */
  public SigningKeys(
      DataSource dataSource,
      MasterKey masterKey,
      GrantSettings settings,
      String replica,
      Clock clock,
      SecureRandom random,
      Uuids ids,
      Consumer<ChangeRecord> record) {
    this.dataSource = dataSource;
    this.mac = new RowMac(masterKey, "signing-key");
    this.settings = settings;
    this.replica = replica;
    this.clock = clock;
    this.random = random;
    this.ids = ids;
    this.record = record;
  }

  /** The key to sign with now; makes and publishes one when the last has had its time. */
  Current signing() throws SQLException {
    Current key = current;
    if (key != null && clock.instant().isBefore(key.until())) {
      return key;
    }
    return rotate();
  }

  /** Makes and publishes the first key, so that no decision has to wait for it. */
  public void prepare() throws SQLException {
    signing();
  }

  private synchronized Current rotate() throws SQLException {
    Instant now = clock.instant();
    if (current != null && now.isBefore(current.until())) {
      return current;
    }
    KeyPair pair = generate();
    PublicKeyRow row = PublicKeyRow.of(ids.next().toString(), (ECPublicKey) pair.getPublic());
    Instant until = now.plus(settings.keySignsFor());
    publish(row, now, until, now.plus(settings.keyVerifiesFor()));
    record.accept(
        new ChangeRecord(
            ids.next(),
            now,
            "grantKey.publish",
            "system",
            null,
            null,
            null,
            Map.of(),
            Map.of("kid", row.kid(), "signsUntil", until.toString())));
    current = new Current(row.kid(), pair.getPrivate(), until);
    return current;
  }

  private KeyPair generate() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK makes P-256 keys", e);
    }
  }

  private void publish(PublicKeyRow row, Instant from, Instant until, Instant verifiesUntil)
      throws SQLException {
    try (var connection = dataSource.getConnection();
        var insert = connection.prepareStatement(PUBLISH);
        var forget = connection.prepareStatement(FORGET)) {
      insert.setString(1, row.kid());
      insert.setString(2, replica);
      insert.setString(3, row.stored());
      insert.setTimestamp(4, Timestamp.from(from));
      insert.setTimestamp(5, Timestamp.from(until));
      insert.setTimestamp(6, Timestamp.from(verifiesUntil));
      insert.setBytes(7, macOf(row.kid(), row.stored(), until, verifiesUntil));
      insert.executeUpdate();
      forget.setTimestamp(1, Timestamp.from(from));
      forget.executeUpdate();
    }
  }

  /**
   * The public halves that a token in circulation may need, of all replicas; rows without our MAC
   * are left out.
   */
  public List<PublicKeyRow> live() throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(LIVE)) {
      statement.setTimestamp(1, Timestamp.from(clock.instant()));
      List<PublicKeyRow> keys = new ArrayList<>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          read(rows).ifPresent(keys::add);
        }
      }
      return keys;
    }
  }

  /** The key that a token names, if it is live and its row carries our MAC. */
  Optional<PublicKeyRow> find(String kid) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(FIND)) {
      statement.setString(1, kid);
      statement.setTimestamp(2, Timestamp.from(clock.instant()));
      try (var rows = statement.executeQuery()) {
        return rows.next() ? read(rows) : Optional.empty();
      }
    }
  }

  private Optional<PublicKeyRow> read(ResultSet row) throws SQLException {
    String kid = row.getString(1);
    String stored = row.getString(2);
    byte[] expected =
        macOf(kid, stored, row.getTimestamp(3).toInstant(), row.getTimestamp(4).toInstant());
    if (!java.security.MessageDigest.isEqual(expected, row.getBytes(5))) {
      LOG.errorf(
          "ALERT forged_row: the signing key %s does not carry our MAC and counts as absent", kid);
      return Optional.empty();
    }
    // Not before: what is no key at all must not take the genuine ones with it.
    return Optional.of(PublicKeyRow.ofStored(kid, stored));
  }

  private byte[] macOf(String kid, String stored, Instant until, Instant verifiesUntil) {
    return mac.over(
        RowMac.field(kid),
        RowMac.field(stored),
        RowMac.field(until.getEpochSecond() + "/" + verifiesUntil.getEpochSecond()));
  }
}
