package io.sallyport.authority.scep;

import java.util.Objects;

/**
 * A message that could be read and is refused. Its text goes to the client (failInfoText) and holds
 * nothing secret.
 */
final class ScepFailure extends Exception {

  private static final long serialVersionUID = 1L;

  private final FailInfo info;
  private final boolean attempt;
  private final String outcome;

  /** A mistake. */
  ScepFailure(FailInfo info, String text) {
    this(info, text, false, info.label());
  }

  /** A refusal that metrics know by a name of its own. */
  ScepFailure(FailInfo info, String text, String outcome) {
    this(info, text, false, outcome);
  }

  private ScepFailure(FailInfo info, String text, boolean attempt, String outcome) {
    super(text, null, false, false);
    this.info = Objects.requireNonNull(info, "info");
    this.attempt = attempt;
    this.outcome = outcome;
  }

  /** What somebody who guesses or probes would be told; counted against its source. */
  static ScepFailure attempt(FailInfo info, String text) {
    return new ScepFailure(info, text, true, info.label());
  }

  /** The one answer to a message that can't be opened and to one that opens to nonsense. */
  static ScepFailure notOpened() {
    return attempt(
        FailInfo.BAD_MESSAGE_CHECK,
        "the content can't be opened, or is no request of the key that signed");
  }

  FailInfo info() {
    return info;
  }

  /** What metrics call it. */
  String outcome() {
    return outcome;
  }

  boolean isAttempt() {
    return attempt;
  }
}
