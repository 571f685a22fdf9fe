package io.sallyport.trust;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/** What {@link PathValidator} found. */
public sealed interface ChainVerdict {

  /** The leaf leads to an anchor and nothing is wrong with the way there. */
  record Valid(ValidatedChain chain) implements ChainVerdict {
    public Valid {
      Objects.requireNonNull(chain, "chain");
    }
  }

  /**
   * The leaf is not to be trusted.
   *
   * @param faults all that were found, at least one
   */
  record Rejected(Set<ChainFault> faults) implements ChainVerdict {
    public Rejected {
      if (faults.isEmpty()) {
        throw new IllegalArgumentException("a rejection has a reason");
      }
      faults = Collections.unmodifiableSet(EnumSet.copyOf(faults));
    }
  }
}
