package io.sallyport.trust;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * Where may be fetched from. URLs come from certificates, so from whoever runs an outside CA: none
 * may make this service reach into its own network. A host is resolved once; the address that was
 * judged is the one that is then connected to.
 */
public final class FetchRules {

  /** Resolves a host's name; a fake in tests. */
  public interface Resolver {
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  private static final List<Range> FORBIDDEN =
      List.of(
              "0.0.0.0/8",
              "10.0.0.0/8",
              "100.64.0.0/10",
              "127.0.0.0/8",
              "169.254.0.0/16",
              "172.16.0.0/12",
              "192.0.0.0/24",
              "192.168.0.0/16",
              "198.18.0.0/15",
              "224.0.0.0/4",
              "240.0.0.0/4",
              "::/127",
              "::ffff:0:0:0/96",
              "64:ff9b:1::/48",
              "100::/64",
              "fc00::/7",
              "fe80::/10",
              "fec0::/10",
              "ff00::/8")
          .stream()
          .map(Range::parse)
          .toList();

  /** Addresses of version 6 that stand for one of version 4, and at which byte that begins. */
  private static final List<Embedding> EMBEDDINGS =
      List.of(
          new Embedding(Range.parse("::/96"), 12),
          new Embedding(Range.parse("64:ff9b::/96"), 12),
          new Embedding(Range.parse("2002::/16"), 2));

  private record Embedding(Range range, int at) {}

  private record Range(byte[] network, int bits) {

    static Range parse(String text) {
      String[] parts = text.split("/", -1);
      InetAddress address = literal(parts[0]).orElseThrow(() -> notARange(text));
      int width = 8 * address.getAddress().length;
      int bits;
      try {
        bits = parts.length == 1 ? width : Integer.parseInt(parts[1]);
      } catch (NumberFormatException e) {
        throw notARange(text);
      }
      if (parts.length > 2 || bits < 0 || bits > width) {
        throw notARange(text);
      }
      return new Range(address.getAddress(), bits);
    }

    private static IllegalArgumentException notARange(String text) {
      return new IllegalArgumentException(
          "expected an address range like 10.1.0.0/16 or a host's name, not " + text);
    }

    boolean contains(byte[] address) {
      if (address.length != network.length) {
        return false;
      }
      for (int i = 0; i < bits; i++) {
        int mask = 0x80 >> i % 8;
        if ((address[i / 8] & mask) != (network[i / 8] & mask)) {
          return false;
        }
      }
      return true;
    }
  }

  private final List<Range> allowedRanges;
  private final List<String> allowedHosts;
  private final Resolver resolver;

  /**
   * @param allowed address ranges, addresses and host names that are allowed although private
   * @throws IllegalArgumentException naming what is neither
   */
  public FetchRules(List<String> allowed, Resolver resolver) {
    this.allowedRanges =
        allowed.stream().filter(FetchRules::looksLikeAddress).map(Range::parse).toList();
    this.allowedHosts =
        allowed.stream()
            .filter(entry -> !looksLikeAddress(entry))
            .map(FetchRules::requireHost)
            .toList();
    this.resolver = Objects.requireNonNull(resolver, "resolver");
  }

  /**
   * The address to connect to for this URL.
   *
   * @throws CrlRefused (crl_forbidden_address) if nothing may be fetched from there, (
   *     crl_unreachable) if its host has no address
   */
  public InetAddress judge(URI uri) throws CrlRefused {
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw forbidden(uri, "only http and https are fetched");
    }
    if (uri.getRawUserInfo() != null) {
      throw forbidden(uri, "a URL with a user's name or password is not fetched");
    }
    if (uri.getHost() == null || uri.getHost().isEmpty()) {
      throw forbidden(uri, "it names no host");
    }
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    InetAddress[] addresses;
    try {
      addresses = resolver.resolve(bare);
    } catch (UnknownHostException e) {
      throw new CrlRefused(CrlFault.CRL_UNREACHABLE, "the host " + host + " has no address");
    }
    return Arrays.stream(addresses)
        .filter(address -> allowedHosts.contains(bare) || isAllowed(address))
        .findFirst()
        .orElseThrow(
            () ->
                forbidden(
                    uri,
                    "its host's addresses are private, local or multicast; sallyport.trust.fetch.allow"
                        + " makes exceptions"));
  }

  private boolean isAllowed(InetAddress address) {
    byte[] bytes = address.getAddress();
    return allowedRanges.stream().anyMatch(range -> range.contains(bytes)) || isPublic(bytes);
  }

  private static boolean isPublic(byte[] address) {
    if (FORBIDDEN.stream().anyMatch(range -> range.contains(address))) {
      return false;
    }
    return EMBEDDINGS.stream()
        .filter(embedding -> embedding.range().contains(address))
        .allMatch(
            embedding -> isPublic(Arrays.copyOfRange(address, embedding.at(), embedding.at() + 4)));
  }

  private static boolean looksLikeAddress(String entry) {
    return entry.contains("/") || entry.contains(":") || entry.matches("[0-9.]+");
  }

  private static String requireHost(String entry) {
    String host = entry.toLowerCase(Locale.ROOT);
    if (!host.matches("[a-z0-9]([a-z0-9.-]*[a-z0-9])?")) {
      throw new IllegalArgumentException(
          "expected an address range like 10.1.0.0/16 or a host's name, not " + entry);
    }
    return host;
  }

  private static Optional<InetAddress> literal(String text) {
    try {
      return Optional.of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static CrlRefused forbidden(URI uri, String why) {
    return new CrlRefused(
        CrlFault.CRL_FORBIDDEN_ADDRESS,
        "%s is not fetched from: %s".formatted(uri.getHost() == null ? uri : uri.getHost(), why));
  }
}
