package io.sallyport.admission;

import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.trust.PresentedChain;
import java.util.Objects;
import java.util.Optional;

/** The client certificate of a connection that ends at a proxy, as the proxy tells of it. */
public sealed interface SeenCertificate {

  /** The proxy saw none. */
  record Absent() implements SeenCertificate {}

  /**
   * The proxy saw this one, and its handshake proved the key.
   *
   * @param header the header that told of it
   * @param chain its certificates, unless the proxy told the thumbprint alone; the leaf's
   *     thumbprint is the one given
   */
  record Shown(String header, CertificateThumbprint thumbprint, Optional<PresentedChain> chain)
      implements SeenCertificate {
    public Shown {
      Objects.requireNonNull(header, "header");
      Objects.requireNonNull(thumbprint, "thumbprint");
      Objects.requireNonNull(chain, "chain");
    }
  }

  /**
   * What the proxy sent says nothing certain: several headers, or one that can't be read. Never a
   * yes, since one of them may be the client's own.
   *
   * @param fault what is wrong and where; repeats nothing of what was sent
   */
  record Unreadable(String fault) implements SeenCertificate {
    public Unreadable {
      Objects.requireNonNull(fault, "fault");
    }
  }
}
