package io.sallyport.audit;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Finds events in the log: changes by operators and devices, sign-ins, what the service itself did.
 * Reads only.
 */
@ApplicationScoped
public class EventSearch {

  private static final Duration BUDGET = Duration.ofSeconds(2);

  /**
   * Events, newest first.
   *
   * @param nextCursor below which the next page begins; empty when this is the last
   */
  public record Page(List<EventView> items, Optional<UUID> nextCursor) {
    public Page {
      items = List.copyOf(items);
    }
  }

  private final RecordWalk walk;

  public EventSearch(DataSource dataSource) {
    this.walk = new RecordWalk(dataSource, BUDGET);
  }

  /**
   * The newest events that {@code query} asks for. A page may be short, even empty, and yet have a
   * next one.
   *
   * @throws SearchTooBroadException if not even a second's records can be looked through in time
   */
  public Page search(EventQuery query) {
    UUID below = query.cursor() == null ? Filter.beyondId(query.to()) : query.cursor();
    var page = walk.newest(filter(query), below, Filter.firstId(query.from()), query.limit());
    return new Page(
        page.rows().stream()
            .map(row -> EventView.of(row.id(), row.canonical(), row.personal()))
            .toList(),
        page.next());
  }

  private static Filter filter(EventQuery query) {
    var filter = new Filter().and("kind = 'change'").within(query.from(), query.to());
    if (query.actor() != null) {
      filter.and("actor = ?", query.actor());
    }
    if (query.device() != null) {
      filter.and("device_id = ?", query.device().value());
    }
    if (query.thumbprint() != null) {
      filter.and("thumbprint = ?", query.thumbprint().bytes());
    }
    // Of changes alone: a decision may be anything else.
    if (query.action() != null) {
      filter.and(
          """
          case when kind = 'change'
               then convert_from(canonical, 'UTF8')::jsonb ->> 'action' = ? else false end""",
          query.action());
    }
    if (query.kind() != null) {
      filter.and(
          """
          case when kind = 'change'
               then split_part(convert_from(canonical, 'UTF8')::jsonb ->> 'action', '.', 1) = ? else false end""",
          query.kind());
    }
    return filter;
  }
}
