package io.sallyport.user;

import io.sallyport.seal.MasterKey;
import io.sallyport.seal.RowMac;
import io.sallyport.user.ProviderSettings.ClaimNames;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jboss.logging.Logger;

/**
 * The identity providers. A row that does not carry our MAC counts as absent, which is an alert:
 * whoever can only write to the database can't make people. Its methods join the caller's
 * transaction; those that write leave the audit log and the change feed to the command.
 */
public final class IdentityProviders {

  private static final Logger LOG = Logger.getLogger(IdentityProviders.class);

  private static final String SELECT =
      """
      select id, name, issuer, audiences, jwks_uri, algorithms, name_claim, email_claim, groups_claim, max_token_age,
             state, mac, version, created_at, changed_at
      from identity_provider
      """;

  private static final String OF_ISSUER = SELECT + "where issuer = ?";
  private static final String ONE = SELECT + "where id = ?";
  private static final String LOCKED = ONE + " for update";
  private static final String LIST = SELECT + "where ?::uuid is null or id > ? order by id limit ?";

  private static final String INSERT =
      """
      insert into identity_provider (
        name, audiences, jwks_uri, algorithms, name_claim, email_claim, groups_claim, max_token_age, state, mac,
        changed_at, id, issuer, created_at)
      select ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
      where (select count(*) from identity_provider) < ?
      on conflict (issuer) do nothing
      """;

  private static final String UPDATE =
      """
      update identity_provider
      set name = ?, audiences = ?, jwks_uri = ?, algorithms = ?, name_claim = ?, email_claim = ?, groups_claim = ?,
          max_token_age = ?, state = ?, mac = ?, changed_at = ?, version = version + 1
      where id = ?
      """;

  private static final String DELETE = "delete from identity_provider where id = ?";

  /** How many there may be, give or take those added at the same moment. */
  static final int MOST = 32;

  private final DataSource dataSource;
  private final RowMac mac;

  public IdentityProviders(DataSource dataSource, MasterKey masterKey) {
    this.dataSource = dataSource;
    this.mac = new RowMac(masterKey, "identity-provider");
  }

  /**
   * The provider that issues tokens under this name, active or not.
   *
   * @throws SQLException if that can't be read
   */
  Optional<IdentityProvider> ofIssuer(String issuer) throws SQLException {
    // A text with NUL can't be asked for, and no issuer has one.
    return issuer.indexOf('\0') >= 0
        ? Optional.empty()
        : query(OF_ISSUER, statement -> statement.setString(1, issuer)).stream().findFirst();
  }

  public Optional<IdentityProvider> find(UUID id) {
    return read(ONE, statement -> statement.setObject(1, id)).stream().findFirst();
  }

  /** The provider, locked until the transaction ends. */
  Optional<IdentityProvider> locked(UUID id) {
    return read(LOCKED, statement -> statement.setObject(1, id)).stream().findFirst();
  }

  /**
   * Providers in the order in which they were added.
   *
   * @param after where to go on, or null to begin
   */
  public List<IdentityProvider> list(UUID after, int most) {
    return read(
        LIST,
        statement -> {
          statement.setObject(1, after);
          statement.setObject(2, after);
          statement.setInt(3, most);
        });
  }

  /** Adds a provider; false if its issuer is there already, or too many are. */
  boolean insert(UUID id, ProviderSettings settings, Instant now) {
    return write(
        INSERT,
        id,
        settings,
        now,
        statement -> {
          statement.setString(13, settings.issuer());
          statement.setTimestamp(14, Timestamp.from(now));
          statement.setInt(15, MOST);
        });
  }

  void update(UUID id, ProviderSettings settings, Instant now) {
    if (!write(UPDATE, id, settings, now, statement -> {})) {
      throw new IllegalStateException("a locked identity provider is gone");
    }
  }

  void delete(UUID id) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(DELETE)) {
      statement.setObject(1, id);
      statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException("an identity provider could not be removed", e);
    }
  }

  private interface Binding {
    void to(PreparedStatement statement) throws SQLException;
  }

  private boolean write(String sql, UUID id, ProviderSettings settings, Instant now, Binding rest) {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      statement.setString(1, settings.name());
      statement.setArray(2, connection.createArrayOf("text", settings.audiences().toArray()));
      statement.setString(3, settings.jwksUri().orElse(null));
      statement.setArray(4, connection.createArrayOf("text", algorithms(settings).toArray()));
      statement.setString(5, settings.claims().name());
      statement.setString(6, settings.claims().email());
      statement.setString(7, settings.claims().groups());
      statement.setLong(8, settings.maxTokenAge().toSeconds());
      statement.setString(9, settings.active() ? "active" : "disabled");
      statement.setBytes(10, mac.over(fields(id, settings)));
      statement.setTimestamp(11, Timestamp.from(now));
      statement.setObject(12, id);
      rest.to(statement);
      return statement.executeUpdate() == 1;
    } catch (SQLException e) {
      throw new IllegalStateException("an identity provider could not be written", e);
    }
  }

  private List<IdentityProvider> read(String sql, Binding binding) {
    try {
      return query(sql, binding);
    } catch (SQLException e) {
      throw new IllegalStateException("identity providers could not be read", e);
    }
  }

  private List<IdentityProvider> query(String sql, Binding binding) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(sql)) {
      binding.to(statement);
      List<IdentityProvider> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          IdentityProvider provider;
          try {
            provider = provider(rows);
          } catch (IllegalArgumentException e) {
            // No row of ours: nothing here writes what it can't read.
            LOG.errorf(
                "ALERT forged_row: an identity provider can't be read and counts as absent: %s",
                e.getMessage());
            continue;
          }
          if (mac.matches(rows.getBytes("mac"), fields(provider.id(), provider.settings()))) {
            found.add(provider);
          } else {
            LOG.errorf(
                "ALERT forged_row: the identity provider %s does not carry our MAC and counts as absent",
                provider.id());
          }
        }
      }
      return found;
    }
  }

  private static IdentityProvider provider(ResultSet row) throws SQLException {
    return new IdentityProvider(
        row.getObject("id", UUID.class),
        new ProviderSettings(
            row.getString("name"),
            row.getString("issuer"),
            texts(row, "audiences"),
            Optional.ofNullable(row.getString("jwks_uri")),
            // One that is unknown here is left out, and then the MAC does not match.
            texts(row, "algorithms").stream()
                .map(SigningAlgorithm::of)
                .flatMap(Optional::stream)
                .toList(),
            new ClaimNames(
                row.getString("name_claim"),
                row.getString("email_claim"),
                row.getString("groups_claim")),
            Duration.ofSeconds(row.getLong("max_token_age")),
            row.getString("state").equals("active")),
        row.getLong("version"),
        row.getTimestamp("created_at").toInstant(),
        row.getTimestamp("changed_at").toInstant());
  }

  private static byte[][] fields(UUID id, ProviderSettings settings) {
    List<String> fields = new ArrayList<>();
    fields.add(id.toString());
    fields.add(settings.name());
    fields.add(settings.issuer());
    fields.add(settings.jwksUri().orElse(""));
    fields.add(settings.claims().name());
    fields.add(settings.claims().email());
    fields.add(settings.claims().groups());
    fields.add(Long.toString(settings.maxTokenAge().toSeconds()));
    fields.add(settings.active() ? "active" : "disabled");
    // The lists' lengths, or a last audience could pass for a first algorithm.
    fields.add(Integer.toString(settings.audiences().size()));
    fields.addAll(settings.audiences());
    fields.addAll(algorithms(settings));
    return fields.stream().map(RowMac::field).toArray(byte[][]::new);
  }

  private static List<String> algorithms(ProviderSettings settings) {
    return settings.algorithms().stream().map(SigningAlgorithm::wire).toList();
  }

  private static List<String> texts(ResultSet row, String column) throws SQLException {
    return Arrays.asList((String[]) row.getArray(column).getArray());
  }
}
