package io.sallyport.authority;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.ocsp.CertID;
import org.bouncycastle.asn1.oiw.OIWObjectIdentifiers;

/** By what a CertID names a CA (RFC 6960 section 4.1.1): its name and its key, hashed. */
record OcspIssuerHashes(ASN1ObjectIdentifier algorithm, byte[] name, byte[] key) {

  /** By each hash that is accepted: SHA-1, which clients of RFC 5019 use, and SHA-256. */
  static List<OcspIssuerHashes> of(X509Certificate ca) {
    return List.of(
        of(ca, OIWObjectIdentifiers.idSHA1, "SHA-1"),
        of(ca, NISTObjectIdentifiers.id_sha256, "SHA-256"));
  }

  private static OcspIssuerHashes of(X509Certificate ca, ASN1ObjectIdentifier id, String digest) {
    byte[] key = CertificateParts.spki(ca.getPublicKey()).getPublicKeyData().getBytes();
    try {
      var hash = MessageDigest.getInstance(digest);
      return new OcspIssuerHashes(
          id, hash.digest(ca.getSubjectX500Principal().getEncoded()), hash.digest(key));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + digest, e);
    }
  }

  boolean match(CertID id) {
    return algorithm.equals(id.getHashAlgorithm().getAlgorithm())
        && Arrays.equals(name, id.getIssuerNameHash().getOctets())
        && Arrays.equals(key, id.getIssuerKeyHash().getOctets());
  }
}
