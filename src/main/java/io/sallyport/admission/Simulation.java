package io.sallyport.admission;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** The words in which a simulation tells what it found. {@link Simulator} runs it. */
public final class Simulation {

  private Simulation() {}

  /** What a change means for a device. */
  public enum Effect {
    /** It gets in today and would not any more, by any certificate or in any way it came. */
    CUT_OFF("cutOff"),
    /** It doesn't get in today and would. */
    LET_IN("letIn"),
    /** It gets in today and would, but not everywhere, or not by every certificate. */
    CHANGED("changed"),
    /** It can't be said, and the cause says why. */
    UNDECIDABLE("undecidable");

    private final String wire;

    Effect(String wire) {
      this.wire = wire;
    }

    public String wire() {
      return wire;
    }
  }

  /**
   * One case whose answer would be another.
   *
   * @param effect on the device
   * @param past what was decided, of a replayed decision; else null
   * @param before today's answer; null if undecidable
   * @param after the answer with the change; null if undecidable
   * @param cause null unless undecidable
   */
  public record Difference(
      Effect effect,
      String deviceId,
      String deviceName,
      String certificate,
      Past past,
      DryRun before,
      DryRun after,
      String cause) {}

  /**
   * What was decided of cases like this one.
   *
   * @param network of the sources
   * @param user the subject of the person, or null
   * @param count how many decisions
   * @param outcome of the last of them
   */
  public record Past(
      String door,
      String network,
      String user,
      long count,
      Instant last,
      String outcome,
      List<String> reasons) {

    public Past {
      reasons = List.copyOf(reasons);
    }
  }

  /**
   * How it ended. Each device is counted once as unchanged, cutOff, letIn, changedSegments or
   * undecidable.
   *
   * @param cases certificates of the registry, or combinations that were replayed
   * @param policyVersion in force at the snapshot
   */
  public record Summary(
      long devices,
      long cases,
      long unchanged,
      long cutOff,
      long letIn,
      long changedSegments,
      long undecidable,
      long policyVersion,
      Duration took) {}

  /** Takes what a simulation tells; throws once nobody listens any more, which ends it. */
  public interface Listener {
    void progress(long done, long total) throws IOException;

    void differs(Difference difference) throws IOException;
  }
}
