package io.sallyport.policy;

import dev.cel.runtime.Program;
import java.time.Duration;

/** A rule that was checked. */
record CompiledRule(String name, Program when, Effect effect) {

  sealed interface Effect {
    /**
     * @param lifetime null for the default
     */
    record Admit(Program segments, Duration lifetime) implements Effect {}

    record Refuse(PolicyVerdict.Code code, String message) implements Effect {}
  }
}
