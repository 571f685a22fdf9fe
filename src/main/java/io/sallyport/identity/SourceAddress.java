package io.sallyport.identity;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Objects;

/** Where a connection or a packet came from. */
public record SourceAddress(InetAddress address, int port) {

  public SourceAddress {
    Objects.requireNonNull(address, "address");
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port out of range: " + port);
    }
  }

  public static SourceAddress of(InetSocketAddress socket) {
    return new SourceAddress(socket.getAddress(), socket.getPort());
  }

  /** The address in numbers, without a scope. */
  public String host() {
    String text = address.getHostAddress();
    int scope = text.indexOf('%');
    return scope < 0 ? text : text.substring(0, scope);
  }

  /**
   * The network that limits count by: the address itself for IPv4 (/32), the first 64 bits for
   * IPv6, since a single host there owns that many.
   */
  public InetAddress limitedNetwork() {
    if (address instanceof Inet4Address) {
      return address;
    }
    byte[] bytes = address.getAddress();
    for (int i = 8; i < bytes.length; i++) {
      bytes[i] = 0;
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("sixteen bytes are an address", e);
    }
  }
}
