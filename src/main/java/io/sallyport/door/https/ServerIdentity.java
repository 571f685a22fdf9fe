package io.sallyport.door.https;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * How the door proves itself to devices.
 *
 * @param chain leaf first, without the root, which the client must have already
 */
public record ServerIdentity(PrivateKey key, List<X509Certificate> chain) {

  public ServerIdentity {
    chain = List.copyOf(chain);
    if (chain.isEmpty()) {
      throw new IllegalArgumentException("a server identity has a certificate");
    }
  }

  X509Certificate[] chainArray() {
    return chain.toArray(X509Certificate[]::new);
  }

  @Override
  public String toString() {
    return "ServerIdentity[" + chain.getFirst().getSubjectX500Principal() + ", key redacted]";
  }
}
