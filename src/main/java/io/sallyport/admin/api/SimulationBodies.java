package io.sallyport.admin.api;

import io.sallyport.admission.SimulationRequest.Population;
import io.sallyport.policy.PolicyRule;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/** The JSON of a wanted simulation. */
final class SimulationBodies {

  private SimulationBodies() {}

  public record Wanted(PopulationBody population, ChangeBody change) {}

  /** Exactly one of the two. */
  public record PopulationBody(RegistryBody registry, DecisionsBody decisions) {

    Population read() {
      one("population", registry, decisions);
      if (decisions != null) {
        int days = Input.required("population.decisions.days", decisions.days());
        try {
          return new Population.Decisions(days);
        } catch (IllegalArgumentException e) {
          throw Input.wrong("population.decisions.days", e.getMessage());
        }
      }
      return new Population.Registry(
          ExplainResource.door(registry.door(), "population.registry.door"),
          ExplainResource.source(
              registry.source() == null ? "127.0.0.1" : registry.source(),
              "population.registry.source"));
    }
  }

  /**
   * @param door through which every device is assumed to come; https if absent
   * @param source from where; 127.0.0.1 if absent
   */
  public record RegistryBody(String door, String source) {}

  public record DecisionsBody(Integer days) {}

  /** Exactly one of the three. */
  public record ChangeBody(PolicyBody policy, CrlBody crl, AnchorBody removeAnchor) {

    ChangeBody checked() {
      one("change", policy, crl, removeAnchor);
      return this;
    }
  }

  public record PolicyBody(List<PolicyRule> rules) {}

  /**
   * @param pem the list in PEM; this or {@code der}
   * @param der the list in base64
   * @param anchor where it would be uploaded; every anchor that knows its issuer if absent
   */
  public record CrlBody(String pem, String der, String anchor) {

    byte[] list() {
      one("change.crl", pem, der);
      if (pem != null) {
        return pem.getBytes(StandardCharsets.UTF_8);
      }
      try {
        return Base64.getDecoder().decode(der);
      } catch (IllegalArgumentException e) {
        throw Input.wrong("change.crl.der", "expected base64");
      }
    }
  }

  public record AnchorBody(String id) {}

  private static void one(String field, Object... given) {
    if (Stream.of(given).filter(each -> each != null).count() != 1) {
      throw Input.wrong(field, "expected exactly one member");
    }
  }
}
