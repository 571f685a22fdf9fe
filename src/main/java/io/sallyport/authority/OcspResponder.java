package io.sallyport.authority;

import io.sallyport.audit.AuditLog;
import io.sallyport.audit.ChangeRecord;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.Uuids;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ocsp.CertID;
import org.bouncycastle.asn1.ocsp.RevokedInfo;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPRespBuilder;
import org.bouncycastle.cert.ocsp.CertificateID;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPException;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.OCSPRespBuilder;
import org.bouncycastle.cert.ocsp.RespID;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.UnknownStatus;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.jboss.logging.Logger;

/**
 * The OCSP responder of our issuing CAs (RFC 6960). Every answer is asked of Postgres anew: none is
 * given from memory, so a revocation is in the next answer of every replica.
 *
 * <p>An answer is signed by the delegated responder of the CA that the first certificate of ours in
 * the request names; certificates of other issuers beside it are unknown. A request that names no
 * issuer of ours is {@code unauthorized} and costs no signature. {@code tryLater} is said while
 * Postgres is away or too many ask.
 */
@Singleton
public class OcspResponder {

  private static final Logger LOG = Logger.getLogger(OcspResponder.class);

  /** The pool is there for decisions first: strangers never hold more than these connections. */
  private static final int AT_ONCE = 4;

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final AuthorityMaterial authority;
  private final OcspStatusQuery statuses;
  private final AuditLog audit;
  private final Uuids ids;
  private final OcspSettings settings;
  private final Clock clock;
  private final SecureRandom random;
  private final SigningRate rate;
  private final DigestCalculatorProvider digests;
  private final Semaphore queries = new Semaphore(AT_ONCE, true);
  private final Map<X509Certificate, Answering> known = new ConcurrentHashMap<>();
  private final Map<String, OcspSigner> signers = new ConcurrentHashMap<>();

  OcspResponder(
      AuthorityMaterial authority,
      DataSource dataSource,
      AuditLog audit,
      OcspSettings settings,
      Clock clock,
      SecureRandom random,
      Uuids ids) {
    this.authority = authority;
    this.statuses = new OcspStatusQuery(dataSource);
    this.audit = audit;
    this.ids = ids;
    this.settings = settings;
    this.clock = clock;
    this.random = random;
    this.rate = new SigningRate(settings.perSecond(), clock);
    try {
      this.digests = new JcaDigestCalculatorProviderBuilder().build();
    } catch (OperatorCreationException e) {
      throw new IllegalStateException("every JDK has digests", e);
    }
  }

  /** Answers a request, whatever it is; never throws for what a client or Postgres does. */
  OcspAnswer answer(byte[] request) {
    OcspQuestion question;
    try {
      question = OcspQuestion.parse(request);
    } catch (OcspQuestion.Malformed e) {
      return error(OCSPRespBuilder.MALFORMED_REQUEST);
    }
    Optional<Answering> ca =
        question.certificates().stream().flatMap(id -> issuer(id).stream()).findFirst();
    if (ca.isEmpty()) {
      return error(OCSPRespBuilder.UNAUTHORIZED);
    }
    if (!rate.allows()) {
      return error(OCSPRespBuilder.TRY_LATER);
    }
    try {
      return signed(question, ca.get());
    } catch (SQLException | IOException e) {
      LOG.debug("an OCSP request is not answered now", e);
      return error(OCSPRespBuilder.TRY_LATER);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return error(OCSPRespBuilder.TRY_LATER);
    } catch (OCSPException | OperatorCreationException e) {
      LOG.error("an OCSP answer could not be made", e);
      return error(OCSPRespBuilder.INTERNAL_ERROR);
    }
  }

  /** The answer to what is no request at all, like a body that is too long. */
  static OcspAnswer malformed() {
    return error(OCSPRespBuilder.MALFORMED_REQUEST);
  }

  /** A CA of ours with what requests and rows name it by. */
  private record Answering(IssuingCa ca, List<OcspIssuerHashes> hashes, byte[] issuerKey) {
    static Answering of(IssuingCa ca) {
      return new Answering(
          ca, OcspIssuerHashes.of(ca.certificate()), RevocationLists.issuerKey(ca.certificate()));
    }

    boolean issued(CertID id) {
      return hashes.stream().anyMatch(hash -> hash.match(id));
    }
  }

  private Optional<Answering> issuer(CertID id) {
    return authority.issuing().stream()
        .map(ca -> known.computeIfAbsent(ca.certificate(), _ -> Answering.of(ca)))
        .filter(candidate -> candidate.issued(id))
        .findFirst();
  }

  private OcspAnswer signed(OcspQuestion question, Answering ca)
      throws SQLException,
          IOException,
          InterruptedException,
          OCSPException,
          OperatorCreationException {
    Instant now = clock.instant();
    // Before Postgres is asked: what it says must not be older than the time we give for it.
    Instant thisUpdate = now.truncatedTo(ChronoUnit.SECONDS);
    OcspSigner signer = signer(ca.ca(), now);
    Map<BigInteger, OcspStatus> found = statuses(question.certificates(), ca);
    Instant latest = thisUpdate.plus(settings.lifetime());
    Instant nextUpdate = latest.isBefore(signer.end()) ? latest : signer.end();
    var builder =
        new BasicOCSPRespBuilder(
            new RespID(
                signer.certificate().getSubjectPublicKeyInfo(), digests.get(RespID.HASH_SHA1)));
    for (CertID id : question.certificates()) {
      OcspStatus status =
          ca.issued(id) ? found.get(id.getSerialNumber().getValue()) : new OcspStatus.Unknown();
      builder.addResponse(
          new CertificateID(id), wire(status), Date.from(thisUpdate), Date.from(nextUpdate), null);
    }
    question.nonce().ifPresent(nonce -> builder.setResponseExtensions(echo(nonce)));
    var basic =
        builder.build(
            signer.signer(),
            new X509CertificateHolder[] {signer.certificate()},
            Date.from(thisUpdate));
    byte[] der = new OCSPRespBuilder().build(OCSPRespBuilder.SUCCESSFUL, basic).getEncoded();
    return question.nonce().isPresent()
        ? OcspAnswer.notForCaches(der)
        : new OcspAnswer(der, thisUpdate, nextUpdate);
  }

  private Map<BigInteger, OcspStatus> statuses(List<CertID> ids, Answering ca)
      throws SQLException, IOException, InterruptedException {
    List<BigInteger> serials =
        ids.stream().filter(ca::issued).map(id -> id.getSerialNumber().getValue()).toList();
    if (!queries.tryAcquire(PATIENCE.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new IOException("too many ask at once");
    }
    try {
      return statuses.of(ca.issuerKey(), serials);
    } finally {
      queries.release();
    }
  }

  private OcspSigner signer(IssuingCa ca, Instant now) throws IOException {
    String id = ca.id();
    OcspSigner signer = signers.get(id);
    if (signer != null && signer.isFresh(now)) {
      return signer;
    }
    synchronized (signers) {
      signer = signers.get(id);
      if (signer == null || !signer.isFresh(now)) {
        signer = OcspSigner.certified(ca, now, random);
        record(ca, signer, now);
        signers.put(id, signer);
      }
      return signer;
    }
  }

  /** It signs only once it is on record: the CA's key signs nothing that is not. */
  private void record(IssuingCa ca, OcspSigner signer, Instant now) throws IOException {
    X509CertificateHolder certificate = signer.certificate();
    try {
      audit.appendChange(
          new ChangeRecord(
              ids.next(),
              now,
              "ocspSigner.issue",
              "system",
              null,
              null,
              CertificateThumbprint.ofDer(certificate.getEncoded()),
              Map.of(),
              Map.of(
                  "ca", ca.id(),
                  "serial", certificate.getSerialNumber().toString(16),
                  "notAfter", signer.end().toString())));
    } catch (IllegalStateException e) {
      throw new IOException("the OCSP signer can't be recorded now", e);
    }
  }

  private static CertificateStatus wire(OcspStatus status) {
    return switch (status) {
      case OcspStatus.Good _ -> CertificateStatus.GOOD;
      case OcspStatus.Unknown _ -> new UnknownStatus();
      case OcspStatus.Revoked revoked ->
          new RevokedStatus(
              new RevokedInfo(
                  new ASN1GeneralizedTime(Date.from(revoked.at().truncatedTo(ChronoUnit.SECONDS))),
                  // As in a CRL, "unspecified" is said by saying nothing.
                  revoked.reason().code() == 0 ? null : CRLReason.lookup(revoked.reason().code())));
    };
  }

  private static Extensions echo(Extension nonce) {
    return new Extensions(new Extension(nonce.getExtnId(), false, nonce.getExtnValue()));
  }

  private static OcspAnswer error(int status) {
    try {
      OCSPResp response = new OCSPRespBuilder().build(status, null);
      return OcspAnswer.notForCaches(response.getEncoded());
    } catch (OCSPException | IOException e) {
      throw new IllegalStateException("an answer without content has an encoding", e);
    }
  }
}
