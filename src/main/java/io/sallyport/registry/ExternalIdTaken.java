package io.sallyport.registry;

import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import org.hibernate.exception.ConstraintViolationException;

/** The one rule about devices that only the database can hold: an external id is unique. */
public final class ExternalIdTaken {

  private ExternalIdTaken() {}

  /**
   * Sends pending changes of devices to the database.
   *
   * @throws ProblemException 409 if another device has {@code externalId}; the transaction is lost
   *     then
   */
  public static void flush(String externalId) {
    try {
      Device.flush();
    } catch (ConstraintViolationException e) {
      if (e.getConstraintName() != null && e.getConstraintName().contains("external_id")) {
        throw new ProblemException(
            Problem.conflict("externalId: another device has '" + externalId + "' already"));
      }
      throw e;
    }
  }
}
