package io.sallyport.trust;

import java.io.Serial;
import java.sql.SQLException;

/** Too many ask about evidence at once; the database itself may be well. */
public final class ReadersBusyException extends SQLException {

  @Serial private static final long serialVersionUID = 1;

  public ReadersBusyException() {
    super("too many read revocation evidence at once");
  }
}
