package io.sallyport.audit;

import java.net.Inet4Address;
import java.net.InetAddress;

/** A source address or a network of such, as a search names it. */
public record SourceRange(InetAddress address, int prefix) {

  public SourceRange {
    int longest = address instanceof Inet4Address ? 32 : 128;
    if (prefix < 0 || prefix > longest) {
      throw new IllegalArgumentException("source: the prefix length is 0 to " + longest);
    }
  }

  /**
   * Reads {@code 192.0.2.7}, {@code 192.0.2.0/24}, {@code 2001:db8::/32}. Names are not looked up.
   *
   * @throws IllegalArgumentException if {@code text} is anything else
   */
  public static SourceRange parse(String text) {
    int slash = text.indexOf('/');
    InetAddress address;
    int prefix;
    try {
      if (text.indexOf('%') >= 0) {
        throw new IllegalArgumentException("a scope");
      }
      address = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
      prefix =
          slash < 0 ? address.getAddress().length * 8 : Integer.parseInt(text.substring(slash + 1));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "source: expected an address or a network such as 192.0.2.0/24", e);
    }
    return new SourceRange(address, prefix);
  }

  /** As Postgres reads it. */
  @Override
  public String toString() {
    return address.getHostAddress() + "/" + prefix;
  }
}
