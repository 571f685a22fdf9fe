package io.sallyport.admission;

import io.sallyport.identity.Door;
import io.sallyport.identity.SourceAddress;
import io.sallyport.policy.Policy;
import io.sallyport.trust.DraftList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** Whom a simulation asks about, and what would be changed. */
public record SimulationRequest(Population population, Change change) {

  public SimulationRequest {
    Objects.requireNonNull(population, "population");
    Objects.requireNonNull(change, "change");
  }

  /** Whom it asks about. */
  public sealed interface Population {

    /**
     * Every certificate of every device, as if each came through this door from this address,
     * nobody being signed in.
     */
    record Registry(Door door, SourceAddress source) implements Population {}

    /**
     * What came in these last days: each combination of device, certificate, door, network and
     * person once.
     */
    record Decisions(int days) implements Population {
      /** The longest time. */
      public static final int MOST_DAYS = 90;

      public Decisions {
        if (days < 1 || days > MOST_DAYS) {
          throw new IllegalArgumentException("expected 1 to " + MOST_DAYS + " days");
        }
      }
    }
  }

  /** What would be changed. */
  public sealed interface Change {

    /** These rules in force. */
    record DraftPolicy(Policy policy) implements Change {}

    /** This list in force under each of these anchors. */
    record DraftCrl(List<DraftList> lists) implements Change {
      public DraftCrl {
        lists = List.copyOf(lists);
      }
    }

    /** This anchor trusted no longer. */
    record WithoutAnchor(UUID anchor) implements Change {}
  }
}
