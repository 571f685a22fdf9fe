package io.sallyport.admin.signin;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.Transactional;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** API tokens: 256 random bits, of which only the SHA-256 is stored. */
@ApplicationScoped
public class ApiTokens {

  /** So that a leaked token can be recognised for what it is. */
  static final String PREFIX = "sallyport_";

  private static final int SECRET_BYTES = 32;
  private static final Duration USE_NOTED_EVERY = Duration.ofMinutes(1);

  private static final String COLUMNS =
      "id, name, scopes, audiences, created_by, created_at, expires_at, last_used_at, ended_at";

  private static final String INSERT =
      """
      insert into api_token (id, name, token_hash, scopes, audiences, created_by, created_at, expires_at)
      values (?, ?, ?, ?, ?, ?, ?, ?)
      """;

  private static final String LIST =
      "select "
          + COLUMNS
          + " from api_token where (?::uuid is null or id < ?) order by id desc limit ?";

  private static final String LIVE =
      "select "
          + COLUMNS
          + " from api_token where token_hash = ? and ended_at is null and expires_at > ?";

  private static final String NOTE_USE =
      "update api_token set last_used_at = ? where id = ? and (last_used_at is null or last_used_at < ?)";

  private static final String END =
      "update api_token set ended_at = ? where id = ? and ended_at is null returning name";

  private final DataSource dataSource;
  private final SecureRandom random;
  private final AuditLog audit;
  private final Uuids uuids;
  private final Clock clock;

  public ApiTokens(
      DataSource dataSource, SecureRandom random, AuditLog audit, Uuids uuids, Clock clock) {
    this.dataSource = dataSource;
    this.random = random;
    this.audit = audit;
    this.uuids = uuids;
    this.clock = clock;
  }

  /**
   * A new token and its secret, which can't be had again.
   *
   * @param secret to be given to the asker and nowhere else
   */
  public record Made(ApiToken token, String secret) {
    @Override
    public String toString() {
      return "Made[" + token.id() + ", secret redacted]";
    }
  }

  /** Makes a token; the caller has checked the arguments. */
  @Transactional
  public Made make(
      String name,
      List<String> scopes,
      List<String> audiences,
      Instant expiresAt,
      OperatorIdentity by) {
    byte[] bytes = new byte[SECRET_BYTES];
    random.nextBytes(bytes);
    String secret = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    Instant end = expiresAt.truncatedTo(ChronoUnit.MICROS);
    var token =
        new ApiToken(uuids.next(), name, scopes, audiences, by.actor(), now, end, null, null);
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(INSERT)) {
      statement.setObject(1, token.id());
      statement.setString(2, name);
      statement.setBytes(3, hash(secret));
      statement.setArray(4, connection.createArrayOf("text", scopes.toArray()));
      statement.setArray(5, connection.createArrayOf("text", audiences.toArray()));
      statement.setString(6, by.actor());
      statement.setTimestamp(7, Timestamp.from(now));
      statement.setTimestamp(8, Timestamp.from(end));
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("a token could not be stored", e);
    }
    record(
        "token.create",
        by,
        Map.of(
            "id", token.id().toString(),
            "name", name,
            "scopes", token.scopes(),
            "audiences", token.audiences(),
            "expiresAt", end.toString()));
    return new Made(token, secret);
  }

  /** Tokens, the newest first, dead ones too. */
  public List<ApiToken> list(UUID before, int most) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(LIST)) {
      statement.setObject(1, before);
      statement.setObject(2, before);
      statement.setInt(3, most);
      List<ApiToken> found = new ArrayList<>();
      try (var rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(read(rows));
        }
      }
      return found;
    } catch (SQLException e) {
      throw new IllegalStateException("tokens could not be read", e);
    }
  }

  /** Ends a token, from the next request on; false if none of this id is alive. */
  @Transactional
  public boolean end(UUID id, OperatorIdentity by) {
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(END)) {
      statement.setTimestamp(1, Timestamp.from(clock.instant()));
      statement.setObject(2, id);
      try (var rows = statement.executeQuery()) {
        if (!rows.next()) {
          return false;
        }
        record("token.end", by, Map.of("id", id.toString(), "name", rows.getString("name")));
        return true;
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a token could not be ended", e);
    }
  }

  /** The live token of this secret; notes its use, at most once a minute. */
  Optional<ApiToken> use(String secret) {
    if (!secret.startsWith(PREFIX)) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    try (var connection = dataSource.getConnection();
        var statement = connection.prepareStatement(LIVE)) {
      statement.setBytes(1, hash(secret));
      statement.setTimestamp(2, Timestamp.from(now));
      ApiToken token;
      try (var rows = statement.executeQuery()) {
        if (!rows.next()) {
          return Optional.empty();
        }
        token = read(rows);
      }
      Instant stale = now.minus(USE_NOTED_EVERY);
      if (token.lastUsedAt() == null || token.lastUsedAt().isBefore(stale)) {
        try (var note = connection.prepareStatement(NOTE_USE)) {
          note.setTimestamp(1, Timestamp.from(now));
          note.setObject(2, token.id());
          note.setTimestamp(3, Timestamp.from(stale));
          note.executeUpdate();
        }
      }
      return Optional.of(token);
    } catch (SQLException e) {
      throw new IllegalStateException("a token could not be looked up", e);
    }
  }

  private void record(String action, OperatorIdentity by, Map<String, Object> after) {
    audit.appendChange(
        new ChangeRecord(
            uuids.next(),
            clock.instant(),
            action,
            by.actor(),
            by.source(),
            null,
            null,
            Map.of(),
            after));
  }

  private static byte[] hash(String secret) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static ApiToken read(ResultSet row) throws SQLException {
    return new ApiToken(
        row.getObject("id", UUID.class),
        row.getString("name"),
        texts(row.getArray("scopes")),
        texts(row.getArray("audiences")),
        row.getString("created_by"),
        row.getTimestamp("created_at").toInstant(),
        row.getTimestamp("expires_at").toInstant(),
        instant(row.getTimestamp("last_used_at")),
        instant(row.getTimestamp("ended_at")));
  }

  private static List<String> texts(Array array) throws SQLException {
    return Arrays.asList((String[]) array.getArray());
  }

  private static Instant instant(Timestamp timestamp) {
    return timestamp == null ? null : timestamp.toInstant();
  }
}
