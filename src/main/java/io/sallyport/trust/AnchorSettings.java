package io.sallyport.trust;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

/**
 * What an operator says of an anchor.
 *
 * @param purposes the kinds of device that certificates below it may speak for, sorted; empty is
 *     all
 * @param crlUrls where its CRLs are, besides what the certificates name themselves
 * @param followDistributionPoints whether CRLs are fetched from where certificates point to
 * @param ocspUrl asked instead of the responder that certificates name; may be null
 */
public record AnchorSettings(
    String name,
    List<String> purposes,
    CertificateMapping mapping,
    MissingEvidence missingEvidence,
    List<String> crlUrls,
    boolean followDistributionPoints,
    OcspUse ocsp,
    String ocspUrl) {

  public AnchorSettings {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(mapping, "mapping");
    Objects.requireNonNull(missingEvidence, "missingEvidence");
    Objects.requireNonNull(ocsp, "ocsp");
    purposes = List.copyOf(new TreeSet<>(purposes));
    crlUrls = crlUrls.stream().distinct().toList();
  }

  /**
   * Whether these admit a kind of device less than {@code old} did, or require evidence of what
   * went without.
   */
  public boolean narrows(AnchorSettings old) {
    return !purposes.isEmpty() && (old.purposes.isEmpty() || !purposes.containsAll(old.purposes))
        || missingEvidence == MissingEvidence.REQUIRE
            && old.missingEvidence != MissingEvidence.REQUIRE;
  }

  /** Whether certificates find their devices in another way than under {@code old}. */
  public boolean remaps(AnchorSettings old) {
    return mapping != old.mapping;
  }

  /** As an audit record shows them. */
  public Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("anchorName", name);
    facts.put("purposes", purposes);
    facts.put("mapping", mapping.wire());
    facts.put("missingEvidence", missingEvidence.wire());
    facts.put("crlUrls", crlUrls);
    facts.put("followDistributionPoints", followDistributionPoints);
    facts.put("ocsp", ocsp.wire());
    if (ocspUrl != null) {
      facts.put("ocspUrl", ocspUrl);
    }
    return facts;
  }
}
