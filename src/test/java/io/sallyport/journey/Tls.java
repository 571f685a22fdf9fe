package io.sallyport.journey;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/** The JDK as a client. */
final class Tls {

  private Tls() {}

  static SSLContext anonymous(Path root) {
    return context(null, root);
  }

  static SSLContext of(Laptop laptop, Path root) {
    return context(new KeyManager[] {new Presented(laptop)}, root);
  }

  private static SSLContext context(KeyManager[] keys, Path root) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys, trust(root), new SecureRandom());
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TrustManager[] trust(Path root) throws GeneralSecurityException {
    try (InputStream in = Files.newInputStream(root)) {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setCertificateEntry(
          "root", CertificateFactory.getInstance("X.509").generateCertificate(in));
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      return factory.getTrustManagers();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Presents the laptop's certificate and signs with its key, whether or not they fit. */
  private static final class Presented extends X509ExtendedKeyManager {

    private final Laptop laptop;

    Presented(Laptop laptop) {
      this.laptop = laptop;
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      return "laptop";
    }

    @Override
    public String chooseEngineClientAlias(String[] types, Principal[] issuers, SSLEngine engine) {
      return "laptop";
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return new X509Certificate[] {laptop.certificate()};
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return laptop.key();
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[] {"laptop"};
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return null;
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return null;
    }
  }
}
