package io.sallyport.authority;

import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.CacheControl;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.Date;

/**
 * What relying parties fetch from a CA by plain HTTP (RFC 5280 sections 4.2.1.13 and 4.2.2.1); all
 * of it is signed.
 */
@Path("/pki")
@PermitAll
@RunOnVirtualThread
public class PkiResource {

  private static final int CRL_SECONDS = 60;
  private static final int CA_SECONDS = 24 * 60 * 60;

  private final AuthorityMaterial authority;
  private final RevocationLists lists;
  private final Clock clock;

  PkiResource(AuthorityMaterial authority, RevocationLists lists, Clock clock) {
    this.authority = authority;
    this.lists = lists;
    this.clock = clock;
  }

  /** The DER of a CA certificate: of an issuing CA, or of the root. */
  @GET
  @Path("{ca:[0-9a-f]{20}}.cer")
  public Response caCertificate(@PathParam("ca") String ca) throws CertificateEncodingException {
    X509Certificate certificate =
        authority.caCertificates().stream()
            .filter(candidate -> IssuingCa.idOf(candidate).equals(ca))
            .findFirst()
            .orElseThrow(() -> new ProblemException(Problem.notFound("no CA has the id " + ca)));
    return Response.ok(certificate.getEncoded(), "application/pkix-cert")
        .cacheControl(cachedFor(CA_SECONDS))
        .build();
  }

  /**
   * The DER of the CRL of one shard, the same octets on every replica. A cache may keep it for a
   * minute, never past its end.
   */
  @GET
  @Path("{ca:[0-9a-f]{20}}/{shard:[0-9]{1,4}}.crl")
  public Response revocationList(
      @PathParam("ca") String ca, @PathParam("shard") int shard, @Context Request request) {
    SignedList list =
        lists
            .current(ca, shard)
            .orElseThrow(() -> new ProblemException(Problem.notFound("there is no such CRL")));
    var tag = new EntityTag(list.etag());
    Date published = Date.from(list.thisUpdate());
    Response.ResponseBuilder unchanged = request.evaluatePreconditions(published, tag);
    // From the file straight to the socket: a list of a million entries takes no memory here.
    var answer =
        unchanged != null
            ? unchanged
            : Response.ok(list.file().toFile(), "application/pkix-crl")
                .header(HttpHeaders.CONTENT_LENGTH, list.published().length());
    Instant soon = clock.instant().plusSeconds(CRL_SECONDS);
    Instant end = list.nextUpdate();
    return answer
        .tag(tag)
        .lastModified(published)
        .expires(Date.from(soon.isBefore(end) ? soon : end))
        .cacheControl(cachedFor(CRL_SECONDS))
        .build();
  }

  private static CacheControl cachedFor(int seconds) {
    var control = new CacheControl();
    control.setMaxAge(seconds);
    return control;
  }
}
