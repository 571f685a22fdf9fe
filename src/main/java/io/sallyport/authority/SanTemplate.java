package io.sallyport.authority;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x509.GeneralName;

/**
 * A subject alternative name with places for what the registry says of a device: {@code
 * uri:urn:uuid:{deviceId}}, {@code dns:{name}.devices.example.com}, {@code email:{externalId}}.
 * Values come from the registry alone, never from the request.
 */
public final class SanTemplate {

  private static final Set<String> PLACES = Set.of("deviceId", "name", "externalId");
  private static final Pattern PLACE = Pattern.compile("\\{([^{}]*)}");
  private static final Pattern LABELS =
      Pattern.compile("(?!-)[a-z0-9-]{1,63}(?<!-)(\\.(?!-)[a-z0-9-]{1,63}(?<!-))*");
  private static final Pattern MAILBOX =
      Pattern.compile("[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9.-]{1,253})");
  private static final int LONGEST_DNS = 253;
  private static final int LONGEST = 1024;

  private enum Kind {
    URI,
    DNS,
    EMAIL
  }

  private final Kind kind;
  private final String text;

  private SanTemplate(Kind kind, String text) {
    this.kind = kind;
    this.text = text;
  }

  /**
   * @throws IllegalArgumentException saying what a template looks like
   */
  public static SanTemplate parse(String template) {
    int colon = template.indexOf(':');
    String prefix = colon < 0 ? "" : template.substring(0, colon).strip().toLowerCase(Locale.ROOT);
    String text = template.substring(colon + 1).strip();
    Kind kind =
        switch (prefix) {
          case "uri" -> Kind.URI;
          case "dns" -> Kind.DNS;
          case "email" -> Kind.EMAIL;
          // Text of an operator: whatever else it is, it is wrong.
          default ->
              throw new IllegalArgumentException(
                  "a name begins with uri:, dns: or email:, like uri:urn:uuid:{deviceId}, not "
                      + template);
        };
    Matcher places = PLACE.matcher(text);
    while (places.find()) {
      if (!PLACES.contains(places.group(1))) {
        throw new IllegalArgumentException(
            "a name has places for {deviceId}, {name} and {externalId}, not for " + places.group());
      }
    }
    SanTemplate parsed = new SanTemplate(kind, text);
    var sample =
        Map.of("deviceId", "00000000-0000-7000-8000-000000000000", "name", "x", "externalId", "x");
    if (text.isEmpty()
        || parsed.fill(sample).isEmpty()
            && parsed
                .fill(
                    Map.of(
                        "deviceId",
                        "x@example.com",
                        "name",
                        "x@example.com",
                        "externalId",
                        "x@example.com"))
                .isEmpty()) {
      throw new IllegalArgumentException("no device could have a name like " + template);
    }
    return parsed;
  }

  /** Whether every device has another name by it. */
  boolean tellsDevicesApart() {
    return text.contains("{deviceId}");
  }

  /**
   * The name of one device; empty if the registry does not say what belongs into it, or what it
   * says does not fit (a device called "Ada's laptop" has no DNS name).
   */
  Optional<GeneralName> fill(IssuanceRequest request) {
    return fill(Map.of(
            "deviceId", request.device().toString(),
            "name", request.deviceName(),
            "externalId", request.externalId().orElse("")))
        .map(name -> new GeneralName(tag(), name));
  }

  private Optional<String> fill(Map<String, String> values) {
    var filled = new StringBuilder();
    Matcher places = PLACE.matcher(text);
    while (places.find()) {
      String value = values.get(places.group(1));
      if (value.isBlank()) {
        return Optional.empty();
      }
      places.appendReplacement(filled, Matcher.quoteReplacement(encoded(value)));
    }
    String name = places.appendTail(filled).toString();
    if (name.length() > LONGEST) {
      return Optional.empty();
    }
    return switch (kind) {
      case URI -> isUri(name) ? Optional.of(name) : Optional.empty();
      case DNS -> isDns(name) ? Optional.of(name) : Optional.empty();
      case EMAIL -> {
        Matcher mailbox = MAILBOX.matcher(name);
        yield mailbox.matches() && isDns(mailbox.group(1).toLowerCase(Locale.ROOT))
            ? Optional.of(name)
            : Optional.empty();
      }
    };
  }

  /** In a URI a value is data: none of it may be read as a part of the URI. */
  private String encoded(String value) {
    return switch (kind) {
      case URI -> URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
      case DNS -> value.toLowerCase(Locale.ROOT);
      case EMAIL -> value;
    };
  }

  private int tag() {
    return switch (kind) {
      case URI -> GeneralName.uniformResourceIdentifier;
      case DNS -> GeneralName.dNSName;
      case EMAIL -> GeneralName.rfc822Name;
    };
  }

  private static boolean isUri(String name) {
    try {
      return URI.create(name).isAbsolute();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static boolean isDns(String name) {
    return name.length() <= LONGEST_DNS
        && LABELS.matcher(name).matches()
        && !name.substring(name.lastIndexOf('.') + 1).matches("[0-9]+");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SanTemplate that && kind == that.kind && text.equals(that.text);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, text);
  }

  @Override
  public String toString() {
    return kind.name().toLowerCase(Locale.ROOT) + ":" + text;
  }
}
