package io.sallyport.audit.sink;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Where a sink may send, and whom it believes to be there. */
final class Destination {

  private Destination() {}

  /**
   * Reads the URL of a webhook or witness.
   *
   * @throws IllegalArgumentException if it is none that may be used, saying what would be right
   */
  static URI url(String text, boolean allowHttp) {
    URI url;
    try {
      url = URI.create(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("expected a URL such as https://siem.example.com/in", e);
    }
    boolean scheme =
        "https".equalsIgnoreCase(url.getScheme())
            || allowHttp && "http".equalsIgnoreCase(url.getScheme());
    if (!scheme || url.getHost() == null) {
      throw new IllegalArgumentException(
          allowHttp
              ? "expected a URL that begins with https:// or http:// and names a host"
              : "expected a URL that begins with https:// and names a host");
    }
    if (url.getRawUserInfo() != null || url.getRawFragment() != null) {
      throw new IllegalArgumentException("expected a URL without user, password and fragment");
    }
    return url;
  }

  /**
   * Refuses what no receiver has: the link's own addresses, where clouds answer with credentials,
   * and those that are nobody's.
   */
  static InetAddress resolved(String host) throws IOException {
    InetAddress address = InetAddress.getByName(host);
    if (address.isLinkLocalAddress()
        || address.isAnyLocalAddress()
        || address.isMulticastAddress()) {
      throw new IOException(
          host + " is at " + address.getHostAddress() + ", where no sink may send to");
    }
    return address;
  }

  /**
   * @param ca PEM of the authorities to believe; null for the platform's
   * @throws IllegalArgumentException if that is no certificate
   */
  static SSLContext tls(String ca) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      if (ca == null) {
        context.init(null, null, null);
        return context;
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int count = 0;
      for (var certificate :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(
                  new ByteArrayInputStream(ca.getBytes(StandardCharsets.UTF_8)))) {
        store.setCertificateEntry("ca" + count++, certificate);
      }
      if (count == 0) {
        throw new IllegalArgumentException("expected at least one certificate in PEM");
      }
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("expected certificates in PEM", e);
    }
  }
}
