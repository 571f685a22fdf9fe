package io.sallyport.boot;

import com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider;
import org.jboss.logging.Logger;

/**
 * Amazon's crypto provider (AWS-LC behind the JCA interfaces) in front of the JDK's, where its
 * library is there and loads: signing a token costs a tenth then. An optional dependency, named in
 * this class alone; without it everything works the same, slower.
 */
final class FastCrypto {

  private static final Logger LOG = Logger.getLogger(FastCrypto.class);

  private FastCrypto() {}

  /** Puts the provider first, or leaves everything as it is. */
  static void install() {
    try {
      AmazonCorrettoCryptoProvider provider = AmazonCorrettoCryptoProvider.INSTANCE;
      if (provider.getLoadingError() == null) {
        AmazonCorrettoCryptoProvider.install();
        LOG.debugf("Cryptography by %s", provider.getInfo());
      } else {
        LOG.debug("Amazon's crypto provider does not load here", provider.getLoadingError());
      }
    } catch (LinkageError e) {
      LOG.debug("Amazon's crypto provider is not part of this build", e);
    }
  }
}
