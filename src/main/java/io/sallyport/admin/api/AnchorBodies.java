package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.Problem;
import io.sallyport.identity.Problem.FieldError;
import io.sallyport.identity.ProblemException;
import io.sallyport.registry.DeviceKind;
import io.sallyport.registry.PlainText;
import io.sallyport.trust.AnchorSettings;
import io.sallyport.trust.CertificateMapping;
import io.sallyport.trust.MissingEvidence;
import io.sallyport.trust.OcspUse;
import io.sallyport.trust.TrustAnchor;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.security.auth.x500.X500Principal;

/** The JSON of trust anchors. */
final class AnchorBodies {

  private static final int LONGEST_NAME = 255;
  private static final int MOST_URLS = 16;
  private static final int LONGEST_URL = 1024;

  private AnchorBodies() {}

  /** An anchor as answered; {@code pem} only where one anchor was asked for. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record View(
      UUID id,
      String name,
      String source,
      String subject,
      String thumbprint,
      Instant notBefore,
      Instant notAfter,
      List<String> purposes,
      CertificateMapping mapping,
      String evidence,
      MissingEvidence missingEvidence,
      List<String> crlUrls,
      boolean followDistributionPoints,
      OcspUse ocsp,
      String ocspUrl,
      Instant createdAt,
      Instant changedAt,
      long version,
      String pem,
      List<UUID> alsoAdded,
      Integer grantsEnded) {

    static View of(TrustAnchor anchor) {
      return of(anchor, null, null, null);
    }

    static View whole(TrustAnchor anchor) {
      return of(anchor, AnchorBodies.pem(anchor.certificate()), null, null);
    }

    /** The first anchor of a bundle. */
    static View added(TrustAnchor anchor, List<UUID> others) {
      return of(
          anchor, AnchorBodies.pem(anchor.certificate()), others.isEmpty() ? null : others, null);
    }

    static View changed(TrustAnchor anchor, int grantsEnded) {
      return of(anchor, AnchorBodies.pem(anchor.certificate()), null, grantsEnded);
    }

    private static View of(
        TrustAnchor anchor, String pem, List<UUID> alsoAdded, Integer grantsEnded) {
      X509Certificate certificate = anchor.certificate();
      AnchorSettings settings = anchor.settings();
      return new View(
          anchor.id(),
          settings.name(),
          anchor.source().column(),
          certificate.getSubjectX500Principal().getName(X500Principal.RFC2253),
          CertificateThumbprint.ofDer(der(certificate)).hex(),
          certificate.getNotBefore().toInstant(),
          certificate.getNotAfter().toInstant(),
          settings.purposes(),
          settings.mapping(),
          anchor.registryIsEvidence() ? "registry" : "issuer",
          anchor.registryIsEvidence() ? null : settings.missingEvidence(),
          settings.crlUrls(),
          settings.followDistributionPoints(),
          settings.ocsp(),
          settings.ocspUrl(),
          anchor.createdAt(),
          anchor.changedAt(),
          anchor.version(),
          pem,
          alsoAdded,
          grantsEnded);
    }
  }

  /**
   * A new anchor, or all that is said of one.
   *
   * @param pem a bundle; with PUT it may be absent
   */
  public record Wanted(
      String name,
      String pem,
      List<String> purposes,
      String mapping,
      String missingEvidence,
      List<String> crlUrls,
      Boolean followDistributionPoints,
      String ocsp,
      String ocspUrl) {

    /**
     * @throws ProblemException 400, naming every field at fault
     */
    AnchorSettings settings() {
      List<FieldError> faults = new ArrayList<>();
      PlainText.faultOfLine(name, LONGEST_NAME)
          .ifPresent(fault -> faults.add(new FieldError("name", fault)));
      List<String> kinds = Objects.requireNonNullElse(purposes, List.of());
      for (int i = 0; i < kinds.size(); i++) {
        if (kinds.get(i) == null || DeviceKind.of(kinds.get(i)).isEmpty()) {
          faults.add(
              new FieldError(
                  "purposes[" + i + "]",
                  "expected a kind of device, one of "
                      + list(Arrays.stream(DeviceKind.values()).map(DeviceKind::wire))));
        }
      }
      CertificateMapping mappingRead =
          oneOf(
              faults,
              "mapping",
              mapping,
              CertificateMapping.THUMBPRINT,
              CertificateMapping::of,
              Arrays.stream(CertificateMapping.values()).map(CertificateMapping::wire));
      MissingEvidence missingRead =
          oneOf(
              faults,
              "missingEvidence",
              missingEvidence,
              MissingEvidence.REQUIRE,
              MissingEvidence::of,
              Arrays.stream(MissingEvidence.values()).map(MissingEvidence::wire));
      OcspUse ocspRead =
          oneOf(
              faults,
              "ocsp",
              ocsp,
              OcspUse.OFF,
              OcspUse::of,
              Arrays.stream(OcspUse.values()).map(OcspUse::wire));
      List<String> urls = Objects.requireNonNullElse(crlUrls, List.of());
      if (urls.size() > MOST_URLS) {
        faults.add(new FieldError("crlUrls", "expected at most " + MOST_URLS));
      } else {
        for (int i = 0; i < urls.size(); i++) {
          url(faults, "crlUrls[" + i + "]", urls.get(i));
        }
      }
      if (ocspUrl != null) {
        url(faults, "ocspUrl", ocspUrl);
      }
      if (!faults.isEmpty()) {
        throw new ProblemException(Problem.invalid(faults));
      }
      return new AnchorSettings(
          name,
          kinds,
          mappingRead,
          missingRead,
          urls,
          followDistributionPoints == null || followDistributionPoints,
          ocspRead,
          ocspUrl);
    }

    private static <T> T oneOf(
        List<FieldError> faults,
        String field,
        String value,
        T unset,
        Function<String, Optional<T>> reader,
        Stream<String> allowed) {
      if (value == null) {
        return unset;
      }
      return reader
          .apply(value)
          .orElseGet(
              () -> {
                String hint =
                    field.equals("mapping") && value.toLowerCase(Locale.ROOT).contains("common")
                        ? "; a CommonName has no type and finds no device"
                        : "";
                faults.add(new FieldError(field, "expected one of " + list(allowed) + hint));
                return unset;
              });
    }

    private static void url(List<FieldError> faults, String field, String text) {
      String expected = "expected an absolute http or https URL without user and fragment";
      if (text == null || text.length() > LONGEST_URL) {
        faults.add(new FieldError(field, expected + ", of at most " + LONGEST_URL + " characters"));
        return;
      }
      try {
        URI uri = new URI(text);
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")
            || uri.getHost() == null
            || uri.getRawUserInfo() != null
            || uri.getRawFragment() != null
            || !text.equals(uri.toASCIIString())) {
          faults.add(new FieldError(field, expected));
        }
      } catch (URISyntaxException e) {
        faults.add(new FieldError(field, expected));
      }
    }
  }

  private static String list(Stream<String> words) {
    return String.join(", ", words.toList());
  }

  private static byte[] der(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("a stored certificate has its encoding", e);
    }
  }

  private static String pem(X509Certificate certificate) {
    return "-----BEGIN CERTIFICATE-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der(certificate))
        + "\n-----END CERTIFICATE-----\n";
  }
}
