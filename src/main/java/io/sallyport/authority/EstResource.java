package io.sallyport.authority;

import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import io.sallyport.limit.Limits;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.security.cert.CertificateException;
import java.util.List;
import java.util.Optional;

/**
 * Enrolment over Secure Transport (RFC 7030, with the corrections of RFC 8951). The device signs in
 * here by its id and a one-time code; no other way of signing in counts on these paths.
 */
@Path("/.well-known/est")
@PermitAll
@EstHeaders.Needed
@RunOnVirtualThread
public class EstResource {

  private static final String CERTS_ONLY = "application/pkcs7-mime; smime-type=certs-only";

  private static final int RETRY_AFTER_SECONDS = 30;

  private final Enrolment enrolment;
  private final byte[] caCertificates;
  private final Limits limits;

  EstResource(Enrolment enrolment, AuthorityMaterial authority, Limits limits) {
    this.limits = limits;
    this.enrolment = enrolment;
    this.caCertificates = CertsOnly.base64(authority.caCertificates());
  }

  /**
   * Root and issuing CAs. Whoever has no root yet compares what comes with the pin it was given.
   */
  @GET
  @Path("cacerts")
  public Response caCertificates() {
    return certsOnly(caCertificates);
  }

  /**
   * A first certificate for a device: PKCS#10 in, the leaf alone out. With a code as password it is
   * given at once; with no password an operator has to approve, and until then the answer is 202.
   */
  @POST
  @Path("simpleenroll")
  @Consumes("application/pkcs10")
  public Response enroll(
      @HeaderParam(HttpHeaders.AUTHORIZATION) String authorization,
      @Context HttpServerRequest request,
      InputStream body)
      throws IOException, CertificateException {
    BasicCredentials credentials =
        BasicCredentials.parse(authorization)
            .orElseThrow(() -> new ProblemException(Enrolment.wrongCode()));
    Limits.orRefuse(limits.enrolment(source(request), device(credentials.user())));
    // One byte more than allowed, so that the reader sees that it is too long.
    byte[] pkcs10 = body.readNBytes(CsrReader.MAX_BYTES + 1);
    if (!credentials.password().isEmpty()) {
      return certificate(
          enrolment.enrol(credentials.user(), credentials.password(), pkcs10, source(request)));
    }
    Optional<byte[]> leaf = enrolment.ask(credentials.user(), pkcs10, source(request));
    return leaf.isPresent()
        ? certificate(leaf.get())
        : Response.accepted().header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS).build();
  }

  /** What a request should look like (RFC 7030 section 4.5, RFC 9908). */
  @GET
  @Path("csrattrs")
  public Response csrAttributes() {
    return Response.ok(CsrAttributes.base64())
        .header(HttpHeaders.CONTENT_TYPE, "application/csrattrs")
        .header("Content-Transfer-Encoding", "base64")
        .build();
  }

  /** Renewal needs the certificate at hand, which is shown at the device door alone. */
  @POST
  @Path("simplereenroll")
  public Response renewElsewhere() {
    throw new ProblemException(
        Problem.of(
            "other_door",
            "This is asked at another door",
            404,
            "send it to the device door (port 8443 unless it was moved), with the certificate at"
                + " hand as client certificate"));
  }

  /** RFC 7030 section 3.2.2: servers may have labels; we have none. */
  @GET
  @Path("{label}/{operation:.+}")
  public Response labelled() {
    throw noLabels();
  }

  @POST
  @Path("{label}/{operation:.+}")
  public Response enrollLabelled() {
    throw noLabels();
  }

  private static ProblemException noLabels() {
    return new ProblemException(
        Problem.notFound(
            "there are no EST labels here: leave out what stands between est/ and the operation"));
  }

  /** RFC 7030 section 4.4. */
  @POST
  @Path("serverkeygen")
  public Response serverKeyGeneration() {
    throw new ProblemException(
        Problem.of(
            "not_offered",
            "This is not offered",
            501,
            "keys are made where they are used and never leave: send your own request to simpleenroll"));
  }

  private static Optional<DeviceId> device(String user) {
    try {
      return Optional.of(DeviceId.parse(user));
    } catch (IllegalArgumentException e) {
      // Refused where the code is looked at, in the same words as a wrong code.
      return Optional.empty();
    }
  }

  private static SourceAddress source(HttpServerRequest request) {
    var remote = request.remoteAddress();
    return new SourceAddress(InetAddress.ofLiteral(remote.hostAddress()), remote.port());
  }

  private static Response certificate(byte[] leaf) throws CertificateException {
    return certsOnly(CertsOnly.base64(List.of(Pem.certificate(leaf))));
  }

  private static Response certsOnly(byte[] base64) {
    // RFC 8951 section 3.1 has receivers ignore this header; older clients insist on it.
    return Response.ok(base64)
        .header(HttpHeaders.CONTENT_TYPE, CERTS_ONLY)
        .header("Content-Transfer-Encoding", "base64")
        .build();
  }
}
