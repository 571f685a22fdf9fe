package io.sallyport.registry;

import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.trust.CertificateMapping;
import io.sallyport.trust.SubjectAlternativeNames;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;

/**
 * The names by which certificates find devices, in the one form in which two of them are the same
 * name if and only if they are the same text.
 *
 * <ul>
 *   <li>{@code dns:} ASCII host name (A-labels), in lower case (RFC 5280 section 7.2); no wildcard
 *   <li>{@code uri:} absolute URI; scheme and host in lower case, percent-encoding in upper case,
 *       all else as it is (section 7.4)
 *   <li>{@code email:} the host in lower case, the local part as it is (section 7.5)
 *   <li>{@code upn:} {@code user@realm}; ASCII letters in lower case, as directories compare it
 *   <li>{@code serial:<hex>@<issuer>}: the serial without leading zeros; the issuer in the
 *       canonical form of {@link X500Principal#CANONICAL} (RFC 5280 section 7.1). Without an
 *       {@code @} it is the number on a device's case, which no certificate is looked up by
 * </ul>
 */
public final class DeviceIdentifier {

  private static final Pattern HOST =
      Pattern.compile(
          "(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
              + "(\\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*");
  private static final Pattern LOCAL_PART = Pattern.compile("[\\x21-\\x7e]{1,64}");
  private static final Pattern URI =
      Pattern.compile(
          "(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?<authority>//[^/?#]*)?"
              + "(?<rest>([A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)");
  private static final Pattern PERCENT = Pattern.compile("%[0-9a-f]{2}", Pattern.CASE_INSENSITIVE);

  private DeviceIdentifier() {}

  /**
   * The one form of what somebody wrote or a certificate says.
   *
   * @throws IllegalArgumentException saying what would be right
   */
  public static String canonical(String text) {
    int colon = text.indexOf(':');
    String value = text.substring(colon + 1);
    return switch (text.substring(0, colon + 1)) {
      case "dns:" -> "dns:" + host(value);
      case "uri:" -> "uri:" + uri(value);
      case "email:" -> "email:" + email(value);
      case "upn:" -> "upn:" + userPrincipalName(value);
      case "serial:" -> "serial:" + serial(value);
      default ->
          throw new IllegalArgumentException(
              "expected dns:, uri:, email:, upn: or serial: and a value");
    };
  }

  /**
   * The identifiers by which this mapping finds the certificate's device, each once. Names of the
   * certificate that are no names of their kind are left out.
   */
  public static List<String> of(X509Certificate certificate, CertificateMapping mapping) {
    return switch (mapping) {
      case THUMBPRINT -> List.of();
      case ISSUER_AND_SERIAL -> List.of(serial(IssuerAndSerial.of(certificate)));
      case SAN_URI, SAN_DNS, SAN_EMAIL, SAN_UPN -> {
        List<String> found = new ArrayList<>();
        for (String name : SubjectAlternativeNames.of(certificate)) {
          if (name.startsWith(mapping.prefix())) {
            try {
              found.add(canonical(name));
            } catch (IllegalArgumentException e) {
              // A name that no device can have finds none.
              continue;
            }
          }
        }
        yield found.stream().distinct().toList();
      }
    };
  }

  private static String host(String value) {
    if (!HOST.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "expected a host name in ASCII without wildcards, as laptop-7.example.com");
    }
    return value.toLowerCase(Locale.ROOT);
  }

  private static String uri(String value) {
    var form = URI.matcher(value);
    if (!form.matches() || form.group("authority") == null && form.group("rest").isEmpty()) {
      throw new IllegalArgumentException("expected an absolute URI in ASCII, as spiffe://a/b");
    }
    String authority = form.group("authority") == null ? "" : form.group("authority");
    if (!authority.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
      throw new IllegalArgumentException("expected an absolute URI in ASCII, as spiffe://a/b");
    }
    int host = authority.lastIndexOf('@') + 1;
    String canonical =
        form.group("scheme").toLowerCase(Locale.ROOT)
            + ":"
            + authority.substring(0, host)
            + authority.substring(host).toLowerCase(Locale.ROOT)
            + form.group("rest");
    return PERCENT.matcher(canonical).replaceAll(hex -> hex.group().toUpperCase(Locale.ROOT));
  }

  private static String email(String value) {
    int at = value.lastIndexOf('@');
    if (at < 1
        || !LOCAL_PART.matcher(value.substring(0, at)).matches()
        || !HOST.matcher(value.substring(at + 1)).matches()) {
      throw new IllegalArgumentException("expected an address as ada@example.com");
    }
    return value.substring(0, at + 1) + value.substring(at + 1).toLowerCase(Locale.ROOT);
  }

  // ASCII alone: the lower case of other letters meets letters that they are not (U+212A is k).
  private static String userPrincipalName(String value) {
    int at = value.indexOf('@');
    if (at < 1 || at != value.lastIndexOf('@') || at == value.length() - 1) {
      throw new IllegalArgumentException("expected a user principal name as ada@corp.example");
    }
    StringBuilder lower = new StringBuilder(value.length());
    value.chars().forEach(c -> lower.append((char) (c >= 'A' && c <= 'Z' ? c + 32 : c)));
    return lower.toString();
  }

  private static String serial(String value) {
    int at = value.indexOf('@');
    if (at < 0) {
      return value;
    }
    IssuerAndSerial name;
    try {
      name = IssuerAndSerial.parse(value.substring(at + 1), value.substring(0, at));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "expected serial:<hexadecimal>@<issuer as in RFC 4514>: " + e.getMessage(), e);
    }
    return serial(name).substring("serial:".length());
  }

  private static String serial(IssuerAndSerial name) {
    return "serial:"
        + name.serial()
        + "@"
        + new X500Principal(name.issuer()).getName(X500Principal.CANONICAL);
  }
}
