package io.sallyport.authority;

import java.net.InetAddress;
import java.util.Locale;
import java.util.Objects;
import org.bouncycastle.asn1.x509.GeneralName;

/**
 * A name that a server certificate stands for: a DNS name, or an address when {@code address} is
 * there.
 */
record ServerName(String text, InetAddress address) {

  ServerName {
    Objects.requireNonNull(text, "text");
  }

  /**
   * Reads a name as it is configured. Asks no name server.
   *
   * @throws IllegalArgumentException if it is neither an IP address nor a DNS name
   */
  static ServerName parse(String configured) {
    String text = configured.strip().toLowerCase(Locale.ROOT);
    try {
      InetAddress address = InetAddress.ofLiteral(text);
      return new ServerName(address.getHostAddress(), address);
    } catch (IllegalArgumentException e) {
      // Not an address: a name, then.
    }
    if (text.length() > 253
        || !text.matches(
            "(\\*\\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")) {
      throw new IllegalArgumentException(
          "a server name is a DNS name or an IP address, not \"" + configured + "\"");
    }
    return new ServerName(text, null);
  }

  GeneralName asn1() {
    return address == null
        ? new GeneralName(GeneralName.dNSName, text)
        : new GeneralName(GeneralName.iPAddress, text);
  }
}
