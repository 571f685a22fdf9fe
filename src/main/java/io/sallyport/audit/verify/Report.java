package io.sallyport.audit.verify;

import io.sallyport.audit.log.Checkpoint;
import io.sallyport.audit.log.NoteKey;
import io.sallyport.audit.log.SignedNote;
import java.util.List;

/**
 * What a check found.
 *
 * @param leaves how many were read
 * @param checkpoints how many were read
 * @param erased records whose personal data are gone, as they may be
 * @param findings what is wrong, in the order of the log; cut at {@link #MOST}
 * @param wrong how many findings there were
 * @param remarks what is no fault and worth knowing
 * @param keys the keys that signatures were checked with
 * @param last the last checkpoint that everything before it fits; null if there is none
 */
public record Report(
    long leaves,
    long checkpoints,
    long erased,
    List<String> findings,
    long wrong,
    List<String> remarks,
    List<NoteKey> keys,
    Checkpoint last,
    SignedNote lastNote) {

  /** More findings than this are counted only. */
  public static final int MOST = 1_000;

  public Report {
    findings = List.copyOf(findings);
    remarks = List.copyOf(remarks);
    keys = List.copyOf(keys);
  }

  public boolean isSound() {
    return wrong == 0;
  }
}
