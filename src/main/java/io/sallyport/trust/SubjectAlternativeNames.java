package io.sallyport.trust;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.OtherName;

/** The alternative names of a certificate as short strings for records and rules. */
public final class SubjectAlternativeNames {

  private static final int MAX_NAMES = 32;
  private static final int MAX_LENGTH = 256;
  private static final ASN1ObjectIdentifier USER_PRINCIPAL_NAME =
      new ASN1ObjectIdentifier("1.3.6.1.4.1.311.20.2.3").intern();

  private SubjectAlternativeNames() {}

  /**
   * The first 32 names, each as {@code dns:}, {@code uri:}, {@code email:}, {@code ip:} or {@code
   * upn:} and its value. Names of other kinds, names longer than 256 characters and names with
   * control characters are left out rather than cut: half a name could be somebody else's.
   * Unreadable names give an empty list; nothing is thrown.
   */
  public static List<String> of(X509Certificate certificate) {
    try {
      byte[] extension = certificate.getExtensionValue(Extension.subjectAlternativeName.getId());
      if (extension == null || extension.length > PresentedChain.MAX_DER_BYTES) {
        return List.of();
      }
      List<String> names = new ArrayList<>();
      for (GeneralName name :
          GeneralNames.getInstance(ASN1OctetString.getInstance(extension).getOctets()).getNames()) {
        if (names.size() == MAX_NAMES) {
          break;
        }
        describe(name).filter(SubjectAlternativeNames::isClean).ifPresent(names::add);
      }
      return List.copyOf(names);
    } catch (RuntimeException | StackOverflowError e) {
      return List.of();
    }
  }

  private static Optional<String> describe(GeneralName name) {
    return switch (name.getTagNo()) {
      case GeneralName.dNSName -> Optional.of("dns:" + text(name));
      case GeneralName.uniformResourceIdentifier -> Optional.of("uri:" + text(name));
      case GeneralName.rfc822Name -> Optional.of("email:" + text(name));
      case GeneralName.iPAddress ->
          address(ASN1OctetString.getInstance(name.getName()).getOctets());
      case GeneralName.otherName -> userPrincipalName(OtherName.getInstance(name.getName()));
      default -> Optional.empty();
    };
  }

  private static String text(GeneralName name) {
    return ((ASN1String) name.getName()).getString();
  }

  private static Optional<String> address(byte[] octets) {
    try {
      return Optional.of("ip:" + InetAddress.getByAddress(octets).getHostAddress());
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> userPrincipalName(OtherName name) {
    return USER_PRINCIPAL_NAME.equals(name.getTypeID())
            && name.getValue() instanceof ASN1String value
        ? Optional.of("upn:" + value.getString())
        : Optional.empty();
  }

  private static boolean isClean(String name) {
    return name.length() <= MAX_LENGTH && name.chars().noneMatch(Character::isISOControl);
  }
}
