package io.sallyport.trust;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPReq;
import org.bouncycastle.cert.ocsp.OCSPReqBuilder;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.bouncycastle.cert.ocsp.UnknownStatus;
import org.bouncycastle.cert.ocsp.jcajce.JcaCertificateID;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * One question to a responder, and the judging of its answer (RFC 6960 section 3.2): it is for this
 * certificate, signed by the issuer or by one whom the issuer has made its responder, and of now.
 */
final class OcspExchange {

  /** How far another clock may be ahead or behind. */
  private static final Duration SKEW = Duration.ofMinutes(1);

  /** How old an answer may be that names no end. */
  private static final Duration WITHOUT_END = Duration.ofHours(1);

  private static final int NONCE_BYTES = 32;
  private static final int MAX_CERTIFICATES = 4;

  private final X509Certificate issuer;
  private final CertificateID name;
  private final byte[] nonce;

  private OcspExchange(X509Certificate issuer, CertificateID name, byte[] nonce) {
    this.issuer = issuer;
    this.name = name;
    this.nonce = nonce;
  }

  /**
   * @param random gives the nonce (RFC 9654); null for a request without
   */
  static OcspExchange of(X509Certificate issuer, BigInteger serial, SecureRandom random) {
    try {
      // SHA-1 only names the issuer here, as RFC 5019 has it: many responders know no other.
      var sha1 = new JcaDigestCalculatorProviderBuilder().build().get(CertificateID.HASH_SHA1);
      byte[] nonce = null;
      if (random != null) {
        nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
      }
      return new OcspExchange(issuer, new JcaCertificateID(sha1, issuer, serial), nonce);
    } catch (OperatorCreationException | OCSPException | CertificateException e) {
      throw new IllegalStateException("a certificate could not be named for OCSP", e);
    }
  }

  /** The request in DER. */
  byte[] request() {
    try {
      OCSPReqBuilder builder = new OCSPReqBuilder().addRequest(name);
      if (nonce != null) {
        builder.setRequestExtensions(
            new Extensions(
                new Extension(
                    OCSPObjectIdentifiers.id_pkix_ocsp_nonce,
                    false,
                    new DEROctetString(nonce).getEncoded())));
      }
      OCSPReq request = builder.build();
      return request.getEncoded();
    } catch (OCSPException | IOException e) {
      throw new IllegalStateException("an OCSP request could not be written", e);
    }
  }

  /**
   * Judges what came back.
   *
   * @throws OcspFailure if it says nothing that may be relied on
   */
  OcspAnswer judge(byte[] response, Instant now) throws OcspFailure {
    try {
      OCSPResp outer = new OCSPResp(response);
      if (outer.getStatus() != OCSPResp.SUCCESSFUL) {
        throw new OcspFailure(
            OcspFault.OCSP_REFUSED, "the responder answers with status " + outer.getStatus());
      }
      if (!(outer.getResponseObject() instanceof BasicOCSPResp basic)) {
        throw invalid("a response of an unknown type");
      }
      requireSigned(basic, now);
      requireNonce(basic);
      if (basic.getCriticalExtensionOIDs() != null && !basic.getCriticalExtensionOIDs().isEmpty()) {
        throw invalid("a critical extension that is not known");
      }
      SingleResp single =
          Arrays.stream(basic.getResponses())
              .filter(each -> each.getCertID().equals(name))
              .findFirst()
              .orElseThrow(() -> invalid("an answer about another certificate"));
      return answer(basic, single, now);
    } catch (IOException | OCSPException | RuntimeException | StackOverflowError e) {
      throw invalid("not an OCSP response");
    }
  }

  private OcspAnswer answer(BasicOCSPResp basic, SingleResp single, Instant now)
      throws OcspFailure {
    Instant producedAt = basic.getProducedAt().toInstant();
    Instant thisUpdate = single.getThisUpdate().toInstant();
    Instant nextUpdate = single.getNextUpdate() == null ? null : single.getNextUpdate().toInstant();
    if (producedAt.isAfter(now.plus(SKEW)) || thisUpdate.isAfter(now.plus(SKEW))) {
      throw new OcspFailure(OcspFault.OCSP_STALE, "an answer from the future");
    }
    Instant end = nextUpdate == null ? thisUpdate.plus(WITHOUT_END) : nextUpdate;
    if (now.isAfter(end.plus(SKEW))) {
      throw new OcspFailure(OcspFault.OCSP_STALE, "an answer that ended at " + end);
    }
    CertificateStatus status = single.getCertStatus();
    String word = "good";
    String reason = null;
    Instant revokedAt = null;
    if (status instanceof RevokedStatus revoked) {
      word = "revoked";
      reason = CrlReason.wire(revoked.hasRevocationReason() ? revoked.getRevocationReason() : 0);
      revokedAt = revoked.getRevocationTime().toInstant();
    } else if (status instanceof UnknownStatus) {
      word = "unknown";
    } else if (status != CertificateStatus.GOOD) {
      throw invalid("a status that is none");
    }
    return new OcspAnswer(word, reason, revokedAt, producedAt, thisUpdate, nextUpdate, now);
  }

  private void requireSigned(BasicOCSPResp basic, Instant now) throws OcspFailure {
    if (!KeyStrength.isStrongSignature(basic.getSignatureAlgorithmID())) {
      throw invalid("signed by an algorithm that is too weak or unknown");
    }
    if (isSignedBy(basic, issuer)) {
      return;
    }
    X509CertificateHolder[] delegates = basic.getCerts();
    for (int i = 0; i < Math.min(delegates.length, MAX_CERTIFICATES); i++) {
      try {
        X509Certificate delegate = new JcaX509CertificateConverter().getCertificate(delegates[i]);
        if (isDelegate(delegate, now) && isSignedBy(basic, delegate)) {
          return;
        }
      } catch (CertificateException e) {
        // The next one may be the one.
        continue;
      }
    }
    throw invalid("not signed by the issuer, nor by a responder of the issuer");
  }

  /** RFC 6960 section 4.2.2.2: issued by the very CA whose certificate is asked about. */
  private boolean isDelegate(X509Certificate delegate, Instant now) {
    try {
      CertificateFacts facts = CertificateFacts.of(delegate);
      if (!facts.namesPurpose(KeyPurposeId.id_kp_OCSPSigning)
          || !facts.hasStrongKey()
          || !facts.hasStrongSignature()
          || facts.hasUnknownCriticalExtension()
          || !delegate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
        return false;
      }
      delegate.checkValidity(Date.from(now));
      delegate.verify(issuer.getPublicKey());
      return true;
    } catch (CertificateParsingException e) {
      return false;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static boolean isSignedBy(BasicOCSPResp basic, X509Certificate signer) {
    try {
      return basic.isSignatureValid(
          new JcaContentVerifierProviderBuilder().build(signer.getPublicKey()));
    } catch (OCSPException | OperatorCreationException | RuntimeException e) {
      return false;
    }
  }

  // Responders that sign in advance leave the nonce out; one that gives another replays.
  private void requireNonce(BasicOCSPResp basic) throws OcspFailure {
    Extension given = basic.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce);
    if (given == null) {
      return;
    }
    byte[] echoed = ASN1OctetString.getInstance(given.getParsedValue()).getOctets();
    if (nonce == null || !MessageDigest.isEqual(nonce, echoed)) {
      throw invalid("another nonce than the one asked with");
    }
  }

  private static OcspFailure invalid(String detail) {
    return new OcspFailure(OcspFault.OCSP_INVALID, detail);
  }
}
