package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * The published path validation cases of x509-limbo. Most are about servers: these are validated
 * for serverAuth. Its ten client cases are all about email constraints. What the suite refuses for
 * a reason that isn't the path validator's is listed here and in {@code docs/path-validation.md}.
 *
 * <p>Read from {@code ../shared/vectors}, or from the folder or file that the system property or
 * environment variable {@code SALLYPORT_VECTORS} names; skipped with a printed reason where there
 * is neither.
 */
class LimboTest {

  private static final String REVOCATION = "revocation is judged elsewhere";
  private static final String NAME = "the server's name, or how it is written";
  private static final String PROFILE = "a profile of public web CAs";

  /** Cases without a time of their own are valid for centuries. */
  private static final Instant ANY_TIME = Instant.parse("2026-11-23T00:00:00Z");

  /**
   * Beginnings of ids: where the suite refuses such a certificate for something that is no business
   * of the path validator, the path has to be valid, so that nothing else is what it is refused
   * for. Where the suite accepts it, so must we.
   */
  private static final Map<String, String> REFUSED_ELSEWHERE =
      Map.ofEntries(
          Map.entry("crl::", REVOCATION),
          Map.entry("pathlen::max-chain-depth", "the caller sets a bound; ours is fixed"),
          Map.entry("webpki::cn::", NAME),
          Map.entry("webpki::san::", NAME),
          Map.entry("rfc5280::san::underscore-dns", NAME),
          Map.entry("rfc5280::san::ip-in-dns", NAME),
          Map.entry("webpki::aki::", PROFILE),
          Map.entry("webpki::eku::ee-anyeku", PROFILE),
          Map.entry("webpki::eku::ee-critical-eku", PROFILE),
          Map.entry("webpki::eku::root-has-eku", PROFILE),
          Map.entry("webpki::forbidden-rsa-", PROFILE));

  /** Where we are stricter on purpose. */
  private static final Map<String, String> STRICTER =
      Map.of(
          "rfc5280::eku::ee-without-eku", "a device names its purpose",
          "rfc5280::ca-as-leaf", "a CA is no device",
          "pathlen::validation-ignores-pathlen-in-leaf", "a CA is no device");

  /**
   * Where we are more lenient on purpose: rules of RFC 5280 section 4 about what a CA may write,
   * which section 6 does not make a condition of validity. A private CA that breaks them harms
   * nobody, and its owner could not get in.
   */
  private static final Map<String, String> MORE_LENIENT =
      Map.ofEntries(
          Map.entry("rfc5280::aki::leaf-missing-aki", "key identifiers help to build paths only"),
          Map.entry("rfc5280::aki::intermediate-missing-aki", "key identifiers"),
          Map.entry("rfc5280::aki::cross-signed-root-missing-aki", "key identifiers"),
          Map.entry("rfc5280::ski::root-missing-ski", "key identifiers"),
          Map.entry("rfc5280::ski::intermediate-missing-ski", "key identifiers"),
          Map.entry(
              "rfc5280::nc::permitted-dns-match-noncritical",
              "constraints bind whether critical or not; webpki:: has the same case as valid"),
          Map.entry(
              "rfc5280::nc::invalid-dnsname-leading-period",
              "read as subdomains only, which is narrower"),
          Map.entry("rfc5280::pc::ica-noncritical-pc", "bind whether critical or not"),
          Map.entry("rfc5280::serial::too-long", "21 octets instead of 20"),
          Map.entry("rfc5280::serial::zero", "a serial like any other"),
          Map.entry("rfc5280::root-non-critical-basic-constraints", "read whether critical or not"),
          Map.entry("webpki::malformed-aia", "not critical, and nothing here follows it"));

  @Test
  void agreesWithThePublishedCases() throws Exception {
    Path file = vectors();
    String absent =
        "LimboTest skipped: no published cases at "
            + file.toAbsolutePath()
            + "; set SALLYPORT_VECTORS";
    if (!Files.isReadable(file)) {
      System.out.println(absent);
    }
    Assumptions.assumeTrue(Files.isReadable(file), absent);

    Map<String, Integer> elsewhere = new TreeMap<>();
    Set<String> disagreements = new TreeSet<>();
    int compared = 0;
    int accepted = 0;
    for (JsonNode testcase : read(file).get("testcases")) {
      String id = testcase.get("id").asText();
      boolean published = testcase.get("expected_result").asText().equals("SUCCESS");
      Optional<String> why = published ? Optional.empty() : refusedElsewhere(id);
      why.ifPresent(reason -> elsewhere.merge(reason, 1, Integer::sum));
      compared += why.isEmpty() ? 1 : 0;
      boolean valid = isValid(testcase);
      accepted += valid ? 1 : 0;
      if (valid != (published || why.isPresent())) {
        disagreements.add(id + (valid ? " accepted" : " refused"));
      }
    }

    System.out.println(
        "LimboTest: compared "
            + compared
            + ", accepted "
            + accepted
            + ", path valid and refused elsewhere "
            + elsewhere);
    Set<String> deliberate = new HashSet<>();
    STRICTER.keySet().forEach(id -> deliberate.add(id + " refused"));
    MORE_LENIENT.keySet().forEach(id -> deliberate.add(id + " accepted"));
    // Equal, not merely contained: a difference that is gone must go from the list too.
    assertThat(disagreements).isEqualTo(deliberate);
    assertThat(compared).isGreaterThanOrEqualTo(140);
    assertThat(accepted).isGreaterThanOrEqualTo(90);
  }

  private static boolean isValid(JsonNode testcase) {
    KeyPurposeId purpose =
        testcase.get("validation_kind").asText().equals("CLIENT")
            ? KeyPurposeId.id_kp_clientAuth
            : KeyPurposeId.id_kp_serverAuth;
    try {
      List<X509Certificate> presented = new ArrayList<>();
      presented.add(certificate(testcase.get("peer_certificate")));
      List<X509Certificate> others = certificates(testcase.get("untrusted_intermediates"));
      // More than a peer may present: let them be known already, so that it is the search which has
      // to cope.
      boolean tooMany = others.size() >= PresentedChain.MAX_CERTIFICATES;
      if (!tooMany) {
        presented.addAll(others);
      }
      TrustSnapshot trust =
          TrustSnapshot.of(
              certificates(testcase.get("trusted_certs")), tooMany ? others : List.of(), List.of());
      JsonNode time = testcase.get("validation_time");
      Instant at = time.isNull() ? ANY_TIME : OffsetDateTime.parse(time.asText()).toInstant();
      return switch (new PathValidator(purpose).judge(new PresentedChain(presented), trust, at)) {
        case ChainVerdict.Valid valid -> true;
        case ChainVerdict.Rejected rejected -> false;
      };
    } catch (CertificateException e) {
      // What the JDK can't read never becomes a presented chain.
      return false;
    }
  }

  private static Optional<String> refusedElsewhere(String id) {
    return REFUSED_ELSEWHERE.entrySet().stream()
        .filter(entry -> id.startsWith(entry.getKey()))
        .map(Map.Entry::getValue)
        .findAny();
  }

  private static Path vectors() {
    String given = System.getProperty("SALLYPORT_VECTORS", System.getenv("SALLYPORT_VECTORS"));
    Path place = Path.of(given == null ? "../shared/vectors" : given);
    return Files.isDirectory(place) ? place.resolve("limbo.json.gz") : place;
  }

  private static JsonNode read(Path file) throws IOException {
    try (var bytes = new GZIPInputStream(Files.newInputStream(file))) {
      return new ObjectMapper().readTree(bytes);
    }
  }

  private static List<X509Certificate> certificates(JsonNode pems) throws CertificateException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (JsonNode pem : pems) {
      certificates.add(certificate(pem));
    }
    return certificates;
  }

  private static X509Certificate certificate(JsonNode pem) throws CertificateException {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(pem.asText().getBytes(StandardCharsets.US_ASCII)));
  }
}
