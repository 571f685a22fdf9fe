package io.sallyport.registry;

import io.sallyport.identity.Problem;
import io.sallyport.identity.Problem.FieldError;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SegmentName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What people may write about a device. Every value of this type obeys the rules; breaking them is
 * a {@link ProblemException} (400) that names every field at fault.
 *
 * @param name 1 to 255 visible characters; need not be unique
 * @param owner whom it belongs to, at most 255 characters; may be null
 * @param segments what it may reach, at most 32, each once
 * @param labels at most 64; keys 1 to 63 of {@code A-Z a-z 0-9 . _ / -}, values at most 255
 *     characters
 * @param identifiers at most 32 names by which certificates may know it, in the form of {@link
 *     DeviceIdentifier} whatever was written: {@code dns:}, {@code uri:}, {@code email:}, {@code
 *     upn:} or {@code serial:} and 1 to 256 characters, after {@code serial:} 1 to 1,024
 * @param externalId the key of an outside inventory, unique, at most 255 characters; may be null
 */
public record DeviceDetails(
    String name,
    String owner,
    DeviceKind kind,
    List<SegmentName> segments,
    Map<String, String> labels,
    List<String> identifiers,
    String externalId) {

  private static final int MOST_CHARACTERS = 255;
  private static final int MOST_SEGMENTS = 32;
  private static final int MOST_LABELS = 64;
  private static final int MOST_IDENTIFIERS = 32;
  private static final int MOST_IDENTIFIER_CHARACTERS = 256;
  private static final int MOST_SERIAL_CHARACTERS = 1024;
  private static final Pattern LABEL_KEY = Pattern.compile("[A-Za-z0-9._/-]{1,63}");
  private static final Pattern IDENTIFIER =
      Pattern.compile("(dns|uri|email|upn|serial):(.+)", Pattern.DOTALL);

  public DeviceDetails {
    segments = List.copyOf(new LinkedHashSet<>(segments));
    refuse(faults(name, owner, kind, segments.size(), labels, identifiers, externalId));
    labels = Collections.unmodifiableMap(new TreeMap<>(labels));
    identifiers = identifiers.stream().map(DeviceIdentifier::canonical).distinct().toList();
  }

  /**
   * Takes what a client wrote; null lists and maps are empty ones.
   *
   * @throws ProblemException 400, naming every field at fault
   */
  public static DeviceDetails of(
      String name,
      String owner,
      DeviceKind kind,
      List<String> segments,
      Map<String, String> labels,
      List<String> identifiers,
      String externalId) {
    List<String> segmentTexts = Objects.requireNonNullElse(segments, List.of());
    Map<String, String> labelTexts = Objects.requireNonNullElse(labels, Map.of());
    List<String> identifierTexts = Objects.requireNonNullElse(identifiers, List.of());
    List<FieldError> faults = new ArrayList<>();
    List<SegmentName> names = new ArrayList<>();
    for (int i = 0; i < segmentTexts.size(); i++) {
      try {
        names.add(new SegmentName(segmentTexts.get(i)));
      } catch (IllegalArgumentException e) {
        faults.add(new FieldError("segments[" + i + "]", e.getMessage()));
      }
    }
    faults.addAll(
        faults(name, owner, kind, segmentTexts.size(), labelTexts, identifierTexts, externalId));
    refuse(faults);
    return new DeviceDetails(name, owner, kind, names, labelTexts, identifierTexts, externalId);
  }

  private static void refuse(List<FieldError> faults) {
    if (!faults.isEmpty()) {
      throw new ProblemException(Problem.invalid(faults));
    }
  }

  private static List<FieldError> faults(
      String name,
      String owner,
      DeviceKind kind,
      int segments,
      Map<String, String> labels,
      List<String> identifiers,
      String externalId) {
    List<FieldError> faults = new ArrayList<>();
    line(faults, "name", name, MOST_CHARACTERS);
    if (owner != null) {
      line(faults, "owner", owner, MOST_CHARACTERS);
    }
    if (kind == null) {
      faults.add(new FieldError("kind", "is required"));
    }
    atMost(faults, "segments", segments, MOST_SEGMENTS);
    if (atMost(faults, "labels", labels.size(), MOST_LABELS)) {
      labels.forEach((key, value) -> label(faults, key, value));
    }
    if (atMost(faults, "identifiers", identifiers.size(), MOST_IDENTIFIERS)) {
      for (int i = 0; i < identifiers.size(); i++) {
        identifier(faults, "identifiers[" + i + "]", identifiers.get(i));
      }
    }
    if (externalId != null) {
      line(faults, "externalId", externalId, MOST_CHARACTERS);
    }
    return faults;
  }

  private static void line(List<FieldError> faults, String field, String text, int most) {
    PlainText.faultOfLine(text, most).ifPresent(fault -> faults.add(new FieldError(field, fault)));
  }

  private static boolean atMost(List<FieldError> faults, String field, int size, int most) {
    if (size > most) {
      faults.add(new FieldError(field, "expected at most " + most + ", not " + size));
    }
    return size <= most;
  }

  private static void label(List<FieldError> faults, String key, String value) {
    if (!LABEL_KEY.matcher(key).matches()) {
      faults.add(new FieldError("labels", "a key is 1 to 63 of A-Z, a-z, 0-9 and '._/-'"));
      return;
    }
    if (value == null || !value.isEmpty()) {
      line(faults, "labels." + key, value, MOST_CHARACTERS);
    }
  }

  private static void identifier(List<FieldError> faults, String field, String text) {
    var form = IDENTIFIER.matcher(text == null ? "" : text);
    if (!form.matches()) {
      faults.add(new FieldError(field, "expected dns:, uri:, email:, upn: or serial: and a value"));
      return;
    }
    int before = faults.size();
    boolean serial = form.group(1).equals("serial");
    line(
        faults, field, form.group(2), serial ? MOST_SERIAL_CHARACTERS : MOST_IDENTIFIER_CHARACTERS);
    if (faults.size() == before) {
      try {
        DeviceIdentifier.canonical(text);
      } catch (IllegalArgumentException e) {
        faults.add(new FieldError(field, e.getMessage()));
      }
    }
  }
}
