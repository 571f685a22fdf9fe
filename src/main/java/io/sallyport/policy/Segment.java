package io.sallyport.policy;

import io.sallyport.identity.SegmentName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/** A named place that a grant opens. */
public record Segment(
    SegmentName name, Details details, long version, Instant createdAt, Instant changedAt) {

  public Segment {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(details, "details");
    Objects.requireNonNull(createdAt, "createdAt");
    Objects.requireNonNull(changedAt, "changedAt");
  }

  /**
   * What an operator says of a segment.
   *
   * @param audiences applications and partner APIs that it opens besides its own name, at most 64,
   *     each once: URLs (RFC 8707) or names
   * @param vlan the VLAN of switches that it stands for
   * @param cidrs its networks, at most 64, each once and in canonical form
   */
  public record Details(
      String description, List<String> audiences, OptionalInt vlan, List<String> cidrs) {

    private static final int LONGEST_DESCRIPTION = 1_024;
    private static final int MOST = 64;
    private static final int LONGEST_AUDIENCE = 512;
    private static final int LAST_VLAN = 4_094;

    /** What RFC 3986 allows in a URL, without a fragment: nothing that hides or splits a list. */
    private static final Pattern AUDIENCE =
        Pattern.compile("[A-Za-z0-9][A-Za-z0-9._~:/?@!$&'()*+;=%\\[\\]-]*");

    /**
     * @throws InvalidSegment with every fault
     */
    public Details {
      Map<String, String> faults = new LinkedHashMap<>();
      Objects.requireNonNull(description, "description");
      if (description.length() > LONGEST_DESCRIPTION) {
        faults.put("description", "expected at most " + LONGEST_DESCRIPTION + " characters");
      }
      audiences = List.copyOf(audiences);
      bounded(faults, "audiences", audiences);
      for (int i = 0; i < Math.min(audiences.size(), MOST); i++) {
        String audience = audiences.get(i);
        if (audience.length() > LONGEST_AUDIENCE || !AUDIENCE.matcher(audience).matches()) {
          faults.put(
              "audiences[" + i + "]",
              "expected a name or an absolute URL without fragment, of at most "
                  + LONGEST_AUDIENCE
                  + " characters");
        }
      }
      if (vlan.isPresent() && (vlan.getAsInt() < 1 || vlan.getAsInt() > LAST_VLAN)) {
        faults.put("vlan", "expected 1 to " + LAST_VLAN);
      }
      bounded(faults, "cidrs", cidrs);
      List<String> networks = new ArrayList<>();
      for (int i = 0; i < Math.min(cidrs.size(), MOST); i++) {
        try {
          networks.add(Network.parse(cidrs.get(i)).toString());
        } catch (IllegalArgumentException e) {
          faults.put("cidrs[" + i + "]", e.getMessage());
        }
      }
      cidrs = List.copyOf(networks);
      bounded(faults, "cidrs", cidrs);
      if (!faults.isEmpty()) {
        throw new InvalidSegment(faults);
      }
    }

    private static void bounded(Map<String, String> faults, String field, List<String> values) {
      if (values.size() > MOST) {
        faults.put(field, "expected at most " + MOST);
      } else if (new LinkedHashSet<>(values).size() < values.size()) {
        faults.put(field, "one is named twice");
      }
    }

    /** For the audit log. */
    Map<String, Object> facts() {
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("description", description);
      facts.put("audiences", audiences);
      vlan.ifPresent(number -> facts.put("vlan", number));
      facts.put("cidrs", cidrs);
      return facts;
    }
  }

  /** What is wrong with a segment's fields. */
  public static final class InvalidSegment extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;
    private final transient Map<String, String> faults;

    InvalidSegment(Map<String, String> faults) {
      super(faults.toString());
      this.faults = Map.copyOf(faults);
    }

    /** What would be right, by field. */
    public Map<String, String> faults() {
      return faults;
    }
  }
}
