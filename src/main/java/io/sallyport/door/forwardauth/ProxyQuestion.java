package io.sallyport.door.forwardauth;

import io.sallyport.admission.EnforcementRequest;
import io.sallyport.admission.EnforcingProxy;
import io.sallyport.identity.SourceAddress;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A proxy's request in the engine's words.
 *
 * <p>At {@code /authz} itself path and query are the proxy's own, so {@code ?audience=} and {@code
 * ?methods=} are its word. Below it (Envoy's path prefix) path, query and method are the client's;
 * the proxy's word is in {@code X-Sallyport-Audience} and {@code X-Sallyport-Methods} there, and
 * nowhere else: a client could send these headers through a proxy of the first kind.
 */
final class ProxyQuestion {

  /** The path; Envoy puts the client's behind it. */
  static final String PATH = "/authz";

  static final String AUDIENCE_HEADER = "X-Sallyport-Audience";
  static final String METHODS_HEADER = "X-Sallyport-Methods";

  private static final String BEARER = "bearer ";
  private static final Pattern METHOD = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,31}");
  private static final int MOST_METHODS = 16;
  private static final int LONGEST_AUDIENCE = 255;

  private ProxyQuestion() {}

  /** Whether a path, as it came, is for this door. */
  static boolean isMeant(String path) {
    return path != null && (path.equals(PATH) || path.startsWith(PATH + "/"));
  }

  static EnforcementRequest of(
      HttpServerRequest request, EnforcingProxy proxy, SourceAddress asker) {
    MultiMap headers = request.headers();
    boolean own = request.path().equals(PATH);
    MultiMap query = own ? request.params() : MultiMap.caseInsensitiveMultiMap();
    return new EnforcementRequest(
        proxy,
        client(headers).orElse(asker),
        bearer(headers.getAll(HttpHeaders.AUTHORIZATION)),
        CertificateHeaders.read(headers::getAll),
        audiences(own, query, headers, proxy),
        method(own, request, headers),
        methods(own ? query.getAll("methods") : headers.getAll(METHODS_HEADER)));
  }

  /** The token of one Bearer header (RFC 6750 section 2.1); of several, none counts. */
  static Optional<String> bearer(List<String> authorizations) {
    if (authorizations.size() != 1) {
      return Optional.empty();
    }
    String value = authorizations.getFirst();
    return value.length() > BEARER.length()
            && value.substring(0, BEARER.length()).toLowerCase(Locale.ROOT).equals(BEARER)
        ? Optional.of(value.substring(BEARER.length()).strip())
        : Optional.empty();
  }

  private static List<String> audiences(
      boolean own, MultiMap query, MultiMap headers, EnforcingProxy proxy) {
    List<String> said = own ? query.getAll("audience") : headers.getAll(AUDIENCE_HEADER);
    if (!said.isEmpty()) {
      return said.stream().map(ProxyQuestion::cut).toList();
    }
    if (proxy.audiences().size() < 2) {
      return List.of();
    }
    // Not what any Host may say: only an origin that the token lists.
    List<String> schemes = headers.getAll("X-Forwarded-Proto");
    List<String> hosts = headers.getAll("X-Forwarded-Host");
    if (schemes.size() != 1 || hosts.size() != 1) {
      return List.of();
    }
    String origin =
        (schemes.getFirst().strip() + "://" + hosts.getFirst().strip()).toLowerCase(Locale.ROOT);
    return proxy.audiences().contains(origin) ? List.of(origin) : List.of();
  }

  private static String method(boolean own, HttpServerRequest request, MultiMap headers) {
    if (!own) {
      return known(request.method().name());
    }
    Set<String> said = new HashSet<>(headers.getAll("X-Forwarded-Method"));
    said.addAll(headers.getAll("X-Original-Method"));
    return said.size() == 1 ? known(said.iterator().next()) : "";
  }

  private static String known(String method) {
    return METHOD.matcher(method).matches() ? method : "";
  }

  // What is no method stays in: it lets nothing through, where leaving it out might let through
  // everything.
  private static Set<String> methods(List<String> lists) {
    Set<String> methods = new LinkedHashSet<>();
    for (String list : lists) {
      Arrays.stream(list.split(",", MOST_METHODS))
          .map(String::strip)
          .map(ProxyQuestion::cut)
          .forEach(methods::add);
    }
    return methods;
  }

  /**
   * The device's address as the proxy saw it: the last that it appended to {@code X-Forwarded-For},
   * or {@code X-Real-IP}. No name is looked up.
   */
  private static Optional<SourceAddress> client(MultiMap headers) {
    List<String> chains = headers.getAll("X-Forwarded-For");
    String told;
    if (chains.isEmpty()) {
      told = headers.get("X-Real-IP");
    } else {
      String last = chains.getLast();
      told = last.substring(last.lastIndexOf(',') + 1);
    }
    if (told == null || told.length() > 64) {
      return Optional.empty();
    }
    try {
      return Optional.of(new SourceAddress(InetAddress.ofLiteral(told.strip()), 0));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String cut(String text) {
    return text.length() <= LONGEST_AUDIENCE ? text : text.substring(0, LONGEST_AUDIENCE + 1);
  }
}
