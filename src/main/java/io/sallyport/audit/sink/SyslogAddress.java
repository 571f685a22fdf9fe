package io.sallyport.audit.sink;

import java.util.regex.Pattern;

/** Where a syslog collector listens; the port for TLS is 6514 (RFC 5425 section 4.1). */
record SyslogAddress(String host, int port) {

  private static final int DEFAULT = 6514;

  private static final Pattern FORM =
      Pattern.compile(
          "(?:\\[([0-9a-fA-F:.]{2,45})]|([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})))(?::([0-9]{1,5}))?");

  /**
   * Reads {@code host}, {@code host:port} or {@code [v6]:port}.
   *
   * @throws IllegalArgumentException if it is none
   */
  static SyslogAddress parse(String text) {
    var matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("expected host:port, such as siem.example.com:6514");
    }
    String host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
    int port = matcher.group(3) == null ? DEFAULT : Integer.parseInt(matcher.group(3));
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("expected a port from 1 to 65535");
    }
    return new SyslogAddress(host, port);
  }
}
