package io.sallyport.audit;

import io.sallyport.identity.DecisionId;
import io.sallyport.identity.Uuids;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** Finds decisions in the log. Reads only. */
@ApplicationScoped
public class DecisionSearch {

  /** How far apart a decision's id and its time may be made. */
  private static final Duration ID_SLACK = Duration.ofMinutes(1);

  private static final Instant LATEST = Instant.parse("9999-12-31T00:00:00Z");

  private static final String COLUMNS =
      """
      select id, canonical, personal::text as personal
      from audit_record
      where kind = 'decision'
      """;

  private final DataSource dataSource;

  public DecisionSearch(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** The decision of this id, if it is in the log. */
  public Optional<DecisionView> find(DecisionId id) {
    var filter = new Filter().and("id = ?", id.value());
    return select(filter, "").stream().findFirst();
  }

  /** The newest decisions that {@code query} asks for. */
  public DecisionPage search(DecisionQuery query) {
    // One more than asked for tells whether there is a next page.
    List<DecisionView> found =
        select(filter(query), "order by id desc limit " + (query.limit() + 1));
    if (found.size() <= query.limit()) {
      return new DecisionPage(found, Optional.empty());
    }
    List<DecisionView> items = found.subList(0, query.limit());
    return new DecisionPage(items, Optional.of(items.getLast().id()));
  }

  private static Filter filter(DecisionQuery query) {
    var filter = new Filter();
    if (query.device() != null) {
      filter.and("device_id = ?", query.device().value());
    }
    if (query.outcome() != null) {
      filter.and("outcome = ?", query.outcome().wire());
    }
    if (query.outcome() == Outcome.REFUSED || query.outcome() == Outcome.UNDECIDED) {
      // Says what the partial index says, for a plan that does not know the parameter.
      filter.and("outcome <> 'admitted'");
    }
    if (query.reason() != null) {
      filter.and("reasons @> array[?]::text[]", query.reason());
    }
    if (query.door() != null) {
      filter.and("door = ?", query.door().wire());
    }
    if (query.source() != null) {
      filter.and("source <<= ?::inet", query.source().toString());
    }
    // Ids are sorted by time, so their bounds spare the scan what at alone would have to look
    // through.
    if (query.from() != null) {
      Instant from = within(query.from());
      filter.and("id >= ?", Uuids.lowest(within(from.minus(ID_SLACK))));
      filter.and("at >= ?", from.atOffset(ZoneOffset.UTC));
    }
    if (query.to() != null) {
      Instant to = within(query.to());
      filter.and("id < ?", Uuids.lowest(to.plus(ID_SLACK)));
      filter.and("at < ?", to.atOffset(ZoneOffset.UTC));
    }
    if (query.cursor() != null) {
      filter.and("id < ?", query.cursor().value());
    }
    return filter;
  }

  /** The 48 bits of a UUIDv7 begin in 1970; nobody logged before, and nobody will after 9999. */
  private static Instant within(Instant instant) {
    if (instant.isBefore(Instant.EPOCH)) {
      return Instant.EPOCH;
    }
    return instant.isAfter(LATEST) ? LATEST : instant;
  }

  private List<DecisionView> select(Filter filter, String end) {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(COLUMNS + filter.sql + end)) {
      filter.bind(statement);
      try (ResultSet rows = statement.executeQuery()) {
        var found = new ArrayList<DecisionView>();
        while (rows.next()) {
          var id = new DecisionId(rows.getObject("id", UUID.class));
          found.add(DecisionView.of(id, rows.getBytes("canonical"), rows.getString("personal")));
        }
        return found;
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the decisions could not be read", e);
    }
  }

  /** Conditions, each a constant of this class, with their parameters. */
  private static final class Filter {

    private final StringBuilder sql = new StringBuilder();
    private final List<Object> parameters = new ArrayList<>();

    Filter and(String condition, Object... parameter) {
      sql.append("  and ").append(condition).append('\n');
      parameters.addAll(List.of(parameter));
      return this;
    }

    void bind(PreparedStatement statement) throws SQLException {
      for (int i = 0; i < parameters.size(); i++) {
        statement.setObject(i + 1, parameters.get(i));
      }
    }
  }
}
