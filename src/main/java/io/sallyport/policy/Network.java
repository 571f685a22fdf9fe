package io.sallyport.policy;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/** A network in CIDR form, IPv4 or IPv6. Nothing is ever looked up by name. */
final class Network {

  private static final String EXPECTED =
      "expected a network such as 10.0.0.0/8 or 2001:db8::/32, without host bits";
  private static final Pattern NUMBERS =
      Pattern.compile("(?:[0-9]{1,3}(?:\\.[0-9]{1,3}){3}|[0-9A-Fa-f:]{2,39})/[0-9]{1,3}");

  private final byte[] address;
  private final int bits;

  private Network(byte[] address, int bits) {
    this.address = address;
    this.bits = bits;
  }

  /**
   * @throws IllegalArgumentException with what would be right
   */
  static Network parse(String cidr) {
    if (cidr == null || cidr.length() > 43 || !NUMBERS.matcher(cidr).matches()) {
      throw new IllegalArgumentException(EXPECTED);
    }
    int slash = cidr.indexOf('/');
    byte[] address;
    try {
      address = InetAddress.ofLiteral(cidr.substring(0, slash)).getAddress();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(EXPECTED, e);
    }
    int bits = Integer.parseInt(cidr.substring(slash + 1));
    if (bits > 8 * address.length || !Arrays.equals(masked(address, bits), address)) {
      throw new IllegalArgumentException(EXPECTED);
    }
    return new Network(address, bits);
  }

  /** Whether the address is in this network; an address of the other family never is. */
  boolean holds(InetAddress host) {
    byte[] bytes = host.getAddress();
    return bytes.length == address.length && Arrays.equals(masked(bytes, bits), address);
  }

  @Override
  public String toString() {
    try {
      return InetAddress.getByAddress(address).getHostAddress() + "/" + bits;
    } catch (UnknownHostException e) {
      throw new IllegalStateException("four or sixteen bytes are an address", e);
    }
  }

  private static byte[] masked(byte[] address, int bits) {
    byte[] masked = new byte[address.length];
    System.arraycopy(address, 0, masked, 0, bits / 8);
    if (bits % 8 != 0) {
      masked[bits / 8] = (byte) (address[bits / 8] & (0xff << (8 - bits % 8)));
    }
    return masked;
  }
}
