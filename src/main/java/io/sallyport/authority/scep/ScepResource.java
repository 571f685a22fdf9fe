package io.sallyport.authority.scep;

import io.sallyport.authority.EstHeaders;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SourceAddress;
import io.sallyport.limit.Limits;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.core.http.HttpServerRequest;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.util.Base64;

/**
 * SCEP over HTTP (RFC 8894 section 4). Clients can't be told to use another path or to sign in: the
 * messages carry both their protection and their proof.
 */
@Path("/scep")
@PermitAll
@EstHeaders.Needed
@RunOnVirtualThread
public class ScepResource {

  /**
   * Nothing weak is offered: no DES3, no SHA-1. SCEPStandard stands for the rest of RFC 8894. That
   * SHA-384 is taken too has no name in the RFC, but strongSwan 5.9.8 looks for this one where it
   * means SCEPStandard, and gives up without it.
   */
  static final String CAPABILITIES =
      """
      AES
      POSTPKIOperation
      Renewal
      SHA-256
      SHA-384
      SHA-512
      SCEPStandard
      """;

  private static final String PKI_MESSAGE = "application/x-pki-message";
  private static final String CA_CERTIFICATES = "application/x-x509-ca-ra-cert";

  private final ScepSettings settings;
  private final RegistrationAuthority registrationAuthority;
  private final ScepAnswers answers;
  private final Limits limits;

  ScepResource(
      ScepSettings settings,
      RegistrationAuthority registrationAuthority,
      ScepAnswers answers,
      Limits limits) {
    this.limits = limits;
    this.settings = settings;
    this.registrationAuthority = registrationAuthority;
    this.answers = answers;
  }

  @GET
  public Response get(
      @QueryParam("operation") String operation,
      @QueryParam("message") String message,
      @Context HttpServerRequest request) {
    requireEnabled();
    return switch (operation) {
      case "GetCACaps" -> Response.ok(CAPABILITIES, MediaType.TEXT_PLAIN).build();
      case "GetCACert" ->
          Response.ok(CertificateBundle.of(registrationAuthority.certificates()), CA_CERTIFICATES)
              .build();
      case "PKIOperation" -> {
        Limits.orRefuse(limits.scep(source(request)));
        yield answer(decoded(message), request);
      }
      case null, default -> throw unknownOperation();
    };
  }

  /** The path that much network gear has built in. */
  @GET
  @Path("pkiclient.exe")
  public Response getByProgram(
      @QueryParam("operation") String operation,
      @QueryParam("message") String message,
      @Context HttpServerRequest request) {
    return get(operation, message, request);
  }

  @POST
  @Consumes(MediaType.WILDCARD)
  public Response post(
      @QueryParam("operation") String operation,
      @Context HttpServerRequest request,
      InputStream body)
      throws IOException {
    requireEnabled();
    if (!"PKIOperation".equals(operation)) {
      throw unknownOperation();
    }
    Limits.orRefuse(limits.scep(source(request)));
    // One byte more than allowed, so that the reader sees that it is too long.
    return answer(body.readNBytes(MessageReader.MAX_BYTES + 1), request);
  }

  @POST
  @Path("pkiclient.exe")
  @Consumes(MediaType.WILDCARD)
  public Response postByProgram(
      @QueryParam("operation") String operation,
      @Context HttpServerRequest request,
      InputStream body)
      throws IOException {
    return post(operation, request, body);
  }

  private Response answer(byte[] message, HttpServerRequest request) {
    try {
      return Response.ok(answers.answer(message, source(request)), PKI_MESSAGE).build();
    } catch (UnreadableMessage e) {
      throw new ProblemException(Problem.invalidField("message", e.getMessage()));
    }
  }

  private static byte[] decoded(String message) {
    if (message == null) {
      throw new ProblemException(
          Problem.invalidField("message", "PKIOperation by GET needs the message in base64"));
    }
    try {
      // Some clients leave the plus sign as it is, which a query reads as a space.
      return Base64.getMimeDecoder().decode(message.replace(' ', '+'));
    } catch (IllegalArgumentException e) {
      throw new ProblemException(Problem.invalidField("message", "the message is not base64"));
    }
  }

  private void requireEnabled() {
    if (!settings.enabled()) {
      throw new ProblemException(
          Problem.notFound("SCEP is off here; sallyport.scep.enabled=true opens it"));
    }
  }

  private static ProblemException unknownOperation() {
    return new ProblemException(
        Problem.invalidField(
            "operation", "one of GetCACaps, GetCACert and PKIOperation (GET or POST)"));
  }

  private static SourceAddress source(HttpServerRequest request) {
    var remote = request.remoteAddress();
    return new SourceAddress(InetAddress.ofLiteral(remote.hostAddress()), remote.port());
  }
}
