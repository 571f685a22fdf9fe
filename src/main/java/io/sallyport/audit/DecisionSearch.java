package io.sallyport.audit;

import io.sallyport.identity.DecisionId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/** Finds decisions in the log. Reads only. */
@ApplicationScoped
public class DecisionSearch {

  private static final Duration BUDGET = Duration.ofSeconds(2);

  private static final String FIND =
      """
      select canonical, personal::text
      from audit_record
      where kind = 'decision' and id = ?
      """;

  private final DataSource dataSource;
  private final RecordWalk walk;

  @Inject
  public DecisionSearch(DataSource dataSource) {
    this(dataSource, BUDGET);
  }

  DecisionSearch(DataSource dataSource, Duration budget) {
    this.dataSource = dataSource;
    this.walk = new RecordWalk(dataSource, budget);
  }

  /** The decision of this id, if it is in the log. */
  public Optional<DecisionView> find(DecisionId id) {
    try (Connection connection = dataSource.getConnection();
        PreparedStatement statement = connection.prepareStatement(FIND)) {
      statement.setObject(1, id.value());
      try (ResultSet row = statement.executeQuery()) {
        return row.next()
            ? Optional.of(DecisionView.of(id, row.getBytes(1), row.getString(2)))
            : Optional.empty();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("a decision could not be read", e);
    }
  }

  /**
   * The newest decisions that {@code query} asks for. A page may be short, even empty, and yet have
   * a next one, where much had to be looked through.
   *
   * @throws SearchTooBroadException if not even a second's records can be looked through in time
   */
  public DecisionPage search(DecisionQuery query) {
    UUID below = Filter.beyondId(query.to());
    if (query.cursor() != null) {
      // A cursor was given for the same question, so it lies below.
      below = query.cursor().value();
    }
    var page = walk.newest(filter(query), below, Filter.firstId(query.from()), query.limit());
    return new DecisionPage(
        page.rows().stream()
            .map(row -> DecisionView.of(new DecisionId(row.id()), row.canonical(), row.personal()))
            .toList(),
        page.next().map(DecisionId::new));
  }

  static Filter filter(DecisionQuery query) {
    var filter = new Filter().and("kind = 'decision'").within(query.from(), query.to());
    if (query.device() != null) {
      filter.and("device_id = ?", query.device().value());
    }
    if (query.user() != null) {
      filter.and("personal ->> '/user/subject' = ?", query.user());
    }
    if (query.outcome() != null) {
      filter.and("outcome = ?", query.outcome().wire());
    }
    if (query.reason() != null) {
      filter.and("reasons @> array[?]::text[]", query.reason());
    }
    if (query.reason() != null
        || query.outcome() == Outcome.REFUSED
        || query.outcome() == Outcome.UNDECIDED) {
      // Says what the partial indexes say; an admission has no reasons.
      filter.and("outcome <> 'admitted'");
    }
    if (query.door() != null) {
      filter.and("door = ?", query.door().wire());
    }
    if (query.source() != null) {
      filter.and("source <<= ?::inet", query.source().toString());
    }
    if (query.thumbprint() != null) {
      filter.and("thumbprint = ?", query.thumbprint().bytes());
    }
    if (query.segment() != null) {
      // Segments have no column: the bytes are looked through first, which is cheap, and only what
      // holds the word at all is read as JSON.
      filter.and(
          """
          case when position(?::bytea in canonical) > 0
               then convert_from(canonical, 'UTF8')::jsonb
                    @> jsonb_build_object('grant', jsonb_build_object('segments', jsonb_build_array(?::text)))
               else false end""",
          ('"' + query.segment().value() + '"').getBytes(StandardCharsets.UTF_8),
          query.segment().value());
    }
    return filter;
  }
}
