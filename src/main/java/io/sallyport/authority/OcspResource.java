package io.sallyport.authority;

import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;

/** OCSP over plain HTTP (RFC 6960 appendix A, RFC 5019 section 5). */
@Path("/ocsp")
@PermitAll
@RunOnVirtualThread
public class OcspResource {

  /** Eight certificates by SHA-256 and the longest nonce are a quarter of it. */
  private static final int LONGEST_REQUEST = 4096;

  /** An answer may be kept by a proxy no longer than a list. */
  private static final int KEPT_SECONDS = 60;

  private static final String PREFIX = "/ocsp/";

  private final OcspResponder responder;
  private final Clock clock;

  OcspResource(OcspResponder responder, Clock clock) {
    this.responder = responder;
    this.clock = clock;
  }

  /** The request is the body. The answer is for the asker alone. */
  @POST
  @Consumes("application/ocsp-request")
  public Response post(InputStream body) throws IOException {
    byte[] request = body.readNBytes(LONGEST_REQUEST + 1);
    OcspAnswer answer =
        request.length > LONGEST_REQUEST ? OcspResponder.malformed() : responder.answer(request);
    return forOne(answer);
  }

  /**
   * The request is the rest of the path, in base64. Without a nonce the answer may be kept by
   * caches, for a minute at most.
   */
  @GET
  @Path("{request:.+}")
  public Response get(@Context HttpServerRequest http) {
    // The path as it was sent: base64 has slashes, which must be neither merged nor taken for
    // others.
    OcspAnswer answer = answer(http.path());
    return answer.isForCaches() ? forCaches(answer) : forOne(answer);
  }

  private OcspAnswer answer(String path) {
    if (!path.startsWith(PREFIX)) {
      return OcspResponder.malformed();
    }
    try {
      // A plus sign is one here, and no space.
      String base64 =
          URLDecoder.decode(
              path.substring(PREFIX.length()).replace("+", "%2B"), StandardCharsets.US_ASCII);
      byte[] request = Base64.getDecoder().decode(base64);
      return request.length > LONGEST_REQUEST
          ? OcspResponder.malformed()
          : responder.answer(request);
    } catch (IllegalArgumentException e) {
      return OcspResponder.malformed();
    }
  }

  private Response forCaches(OcspAnswer answer) {
    Instant now = clock.instant();
    Instant soon = now.plusSeconds(KEPT_SECONDS);
    Instant end = answer.nextUpdate().isBefore(soon) ? answer.nextUpdate() : soon;
    long seconds = Math.max(0, end.getEpochSecond() - now.getEpochSecond());
    return ok(answer)
        .lastModified(Date.from(answer.thisUpdate()))
        .expires(Date.from(end))
        .tag(answer.etag())
        .header(
            HttpHeaders.CACHE_CONTROL,
            "max-age=" + seconds + ", public, no-transform, must-revalidate")
        .build();
  }

  private static Response forOne(OcspAnswer answer) {
    return ok(answer).header(HttpHeaders.CACHE_CONTROL, "no-store").build();
  }

  private static Response.ResponseBuilder ok(OcspAnswer answer) {
    return Response.ok(answer.der(), "application/ocsp-response");
  }
}
