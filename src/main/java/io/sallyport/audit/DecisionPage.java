package io.sallyport.audit;

import io.sallyport.identity.DecisionId;
import java.util.List;
import java.util.Optional;

/**
 * Decisions, newest first.
 *
 * @param nextCursor where the next page begins; empty when this is the last
 */
public record DecisionPage(List<DecisionView> items, Optional<DecisionId> nextCursor) {

  public DecisionPage {
    items = List.copyOf(items);
  }
}
