package io.sallyport.authority;

import io.sallyport.registry.KeyFingerprint;
import java.security.PublicKey;
import java.util.Objects;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * A key whose possession its sender has proven and whose strength suffices. Only {@link CsrReader}
 * makes one. Nothing else of a CSR is kept: names and extensions are the registry's and the
 * authority's to say, not the requester's.
 */
public final class VerifiedCsr {

  private final SubjectPublicKeyInfo spki;
  private final PublicKey key;

  VerifiedCsr(SubjectPublicKeyInfo spki, PublicKey key) {
    this.spki = Objects.requireNonNull(spki, "spki");
    this.key = Objects.requireNonNull(key, "key");
  }

  public PublicKey key() {
    return key;
  }

  SubjectPublicKeyInfo spki() {
    return spki;
  }

  /** Names the key as the registry and the revocations do; a code is bound to it. */
  byte[] keyHash() {
    return KeyFingerprint.of(key);
  }
}
