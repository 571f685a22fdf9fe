package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.CertificateSource;
import io.sallyport.registry.Certificates;
import io.sallyport.registry.Devices;
import io.sallyport.registry.KeyProtection;
import io.sallyport.registry.RegisterCertificate;
import io.sallyport.registry.RegisteredCertificate;
import io.sallyport.revocation.Revocation;
import io.sallyport.revocation.Revocations;
import io.sallyport.trust.ChainFault;
import io.sallyport.trust.ChainVerdict;
import io.sallyport.trust.PathValidator;
import io.sallyport.trust.PresentedChain;
import io.sallyport.trust.TrustStore;
import io.sallyport.trust.ValidatedChain;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The certificates by which a device is known. */
@Path("/api/v1/devices/{id}/certificates")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "devices")
public class DeviceCertificatesResource {

  private static final int LONGEST_PEM = 256 * 1024;

  private final RegisterCertificate registerCertificate;
  private final Certificates certificates;
  private final Revocations revocations;
  private final Devices devices;
  private final PathValidator validator;
  private final TrustStore trust;
  private final Clock clock;
  private final Asker asker;

  DeviceCertificatesResource(
      RegisterCertificate registerCertificate,
      Certificates certificates,
      Revocations revocations,
      Devices devices,
      PathValidator validator,
      TrustStore trust,
      Clock clock,
      Asker asker) {
    this.registerCertificate = registerCertificate;
    this.certificates = certificates;
    this.revocations = revocations;
    this.devices = devices;
    this.validator = validator;
    this.trust = trust;
    this.clock = clock;
    this.asker = asker;
  }

  /**
   * A certificate to attach.
   *
   * @param pem the leaf first, then what is needed to reach an anchor
   * @param keyProtection {@code software} (if left out) or {@code hardware}: what the operator
   *     answers for. Nobody can say {@code attested}; it must be proven
   */
  public record Attachment(String pem, String keyProtection) {}

  /** A certificate as answered. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record View(
      String thumbprint,
      String issuer,
      String serial,
      String subject,
      Instant notBefore,
      Instant notAfter,
      String source,
      String keyProtection,
      Instant createdAt,
      RevocationView revocation) {

    static View of(RegisteredCertificate certificate, Revocation revocation) {
      return new View(
          certificate.thumbprint().hex(),
          certificate.name().issuer(),
          certificate.name().serial(),
          certificate.subject(),
          certificate.notBefore(),
          certificate.notAfter(),
          certificate.source(),
          certificate.keyProtection(),
          certificate.createdAt(),
          revocation == null ? null : RevocationView.of(revocation));
    }
  }

  @POST
  @PermissionsAllowed(Permissions.CERTIFICATES_WRITE)
  @Operation(summary = "Attach a certificate (PEM); 200 if it is the device's already")
  public Response attach(@PathParam("id") String id, Attachment body) {
    DeviceId device = Input.device(id);
    PresentedChain presented =
        Input.read("pem", Input.body(body).pem(), pem -> PresentedChain.parsePem(pem, LONGEST_PEM));
    KeyProtection protection =
        body.keyProtection() == null
            ? KeyProtection.SOFTWARE
            : Input.read("keyProtection", body.keyProtection(), KeyProtection::vouched);
    ValidatedChain chain = validated(presented);
    boolean added =
        registerCertificate.register(
            device, chain, CertificateSource.ATTACHED, protection, asker.actor(), asker.source());
    var stored = certificates.find(chain.thumbprint()).orElseThrow();
    return Response.status(added ? 201 : 200)
        .entity(View.of(stored, revocations.find(stored.name()).orElse(null)))
        .build();
  }

  @GET
  @PermissionsAllowed(Permissions.CERTIFICATES_READ)
  @Operation(summary = "List a device's certificates, newest first, revoked ones too")
  public Page<View> list(@PathParam("id") String id) {
    DeviceId device = Input.device(id);
    if (devices.find(device).isEmpty()) {
      throw new ProblemException(Problem.notFound("no device has the id " + device));
    }
    Map<IssuerAndSerial, Revocation> revoked =
        revocations.ofDevice(device).stream()
            .collect(Collectors.toMap(Revocation::name, Function.identity()));
    return new Page<>(
        certificates.ofDevice(device).stream()
            .map(certificate -> View.of(certificate, revoked.get(certificate.name())))
            .toList(),
        null);
  }

  private ValidatedChain validated(PresentedChain presented) {
    return switch (validator.judge(presented, trust.current(), clock.instant())) {
      case ChainVerdict.Valid(ValidatedChain chain) -> chain;
      case ChainVerdict.Rejected(Set<ChainFault> faults) ->
          throw new ProblemException(
              new Problem(
                  "certificate_refused",
                  "The certificate would not be accepted at the door",
                  422,
                  faults.stream()
                      .map(DeviceCertificatesResource::sentence)
                      .collect(Collectors.joining("; ")),
                  faults.stream().map(DeviceCertificatesResource::reason).toList(),
                  null,
                  List.of()));
    };
  }

  private static String reason(ChainFault fault) {
    return switch (fault) {
      case MALFORMED -> "malformed_certificate";
      case UNTRUSTED_ISSUER -> "untrusted_issuer";
      case EXPIRED -> "expired";
      case NOT_YET_VALID -> "not_yet_valid";
      case WRONG_USAGE -> "wrong_usage";
      case WEAK_KEY -> "weak_key";
      case PATH_INVALID -> "path_invalid";
    };
  }

  private static String sentence(ChainFault fault) {
    return switch (fault) {
      case MALFORMED -> "a certificate can't be read";
      case UNTRUSTED_ISSUER -> "no trust anchor leads to it; are the intermediates in the PEM?";
      case EXPIRED -> "it, or a CA above it, has expired";
      case NOT_YET_VALID -> "it, or a CA above it, is not valid yet";
      case WRONG_USAGE -> "it is not meant for TLS client authentication";
      case WEAK_KEY -> "a key or a signature is too weak";
      case PATH_INVALID -> "its path breaks RFC 5280 section 6.1";
    };
  }
}
