package io.sallyport.admission;

import io.sallyport.admission.AdmissionDecision.Admitted;
import io.sallyport.admission.AdmissionDecision.Refused;
import io.sallyport.admission.AdmissionDecision.Undecided;
import org.jboss.logging.Logger;
import org.jboss.logging.MDC;

/**
 * The lines of the service's own log that lead to the record, which is the log of decisions.
 * Admissions are left to debug: at nine o'clock they would be all there is to read.
 */
final class DecisionLines {

  private static final Logger LOG = Logger.getLogger(AdmissionEngine.class);

  private DecisionLines() {}

  static void log(AdmissionRequest request, AdmissionDecision decision) {
    switch (decision) {
      case Admitted admitted -> {
        if (LOG.isDebugEnabled()) {
          line(Logger.Level.DEBUG, admitted, "admitted %s from %s", admitted.device(), request);
        }
      }
      case Refused refused ->
          line(
              Logger.Level.INFO,
              refused,
              "refused for %s from %s",
              refused.reasons().stream().map(RefusalReason::code).toList(),
              request);
      case Undecided undecided ->
          line(
              Logger.Level.WARN,
              undecided,
              "undecided for %s from %s",
              undecided.cause().code(),
              request);
    }
  }

  private static void line(
      Logger.Level level,
      AdmissionDecision decision,
      String format,
      Object what,
      AdmissionRequest request) {
    MDC.put("decisionId", decision.id().toString());
    try {
      LOG.logf(level, format, what, request.source().host());
    } finally {
      MDC.remove("decisionId");
    }
  }
}
