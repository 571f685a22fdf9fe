package io.sallyport.admin.api;

import io.sallyport.audit.DecisionQuery;
import io.sallyport.audit.Outcome;
import io.sallyport.audit.SourceRange;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DecisionId;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SegmentName;
import jakarta.ws.rs.core.UriInfo;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/** The query parameters by which decisions are found. */
final class DecisionFilters {

  private static final String REASON = "[a-z][a-z_]{0,63}";

  private DecisionFilters() {}

  /** Further parameters are those of the resource at hand. */
  static DecisionQuery of(UriInfo uri, String... further) {
    var known =
        new String[][] {
          {
            "device",
            "user",
            "outcome",
            "reason",
            "door",
            "source",
            "certificate",
            "segment",
            "from",
            "to"
          },
          further
        };
    var parameters =
        Parameters.of(uri, Arrays.stream(known).flatMap(Arrays::stream).toArray(String[]::new));
    UUID device = parameters.uuid("device");
    return new DecisionQuery(
        device == null ? null : new DeviceId(device),
        parameters.text("user"),
        oneOf(parameters, "outcome", Outcome.values(), Outcome::wire),
        parameters.read(
            "reason", DecisionFilters::reason, "expected a reason code such as unknown_device"),
        oneOf(parameters, "door", Door.values(), Door::wire),
        parameters.read(
            "source", SourceRange::parse, "expected an address or a network such as 192.0.2.0/24"),
        parameters.read(
            "certificate",
            CertificateThumbprint::ofHex,
            "expected the SHA-256 thumbprint in 64 hexadecimal digits"),
        parameters.read("segment", SegmentName::new, "expected a segment's name"),
        parameters.instant("from"),
        parameters.instant("to"),
        parameters.cursor(DecisionId::parse),
        parameters.limit());
  }

  static <T> T oneOf(Parameters parameters, String name, T[] values, Function<T, String> wire) {
    List<String> allowed = Arrays.stream(values).map(wire).toList();
    return parameters.oneOf(
        name,
        text -> Arrays.stream(values).filter(value -> wire.apply(value).equals(text)).findFirst(),
        allowed);
  }

  private static String reason(String text) {
    if (!text.matches(REASON)) {
      throw new IllegalArgumentException(text);
    }
    return text;
  }
}
