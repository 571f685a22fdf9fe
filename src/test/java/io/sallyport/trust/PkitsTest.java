package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The path of each of the 224 cases of NIST's Public Key Interoperability Test Suite ({@link
 * PkitsData}). What is adapted and what is left out is in {@code docs/path-validation.md}:
 *
 * <ul>
 *   <li>No certificate of the suite has an extended key usage, and a device's must name clientAuth.
 *       So each leaf is refused for {@link ChainFault#WRONG_USAGE}, and the verdict on the suite's
 *       question is whatever else is wrong: nothing where the suite says valid. Nothing in the
 *       suite could make that fault in another way: no CA confines purposes, and every leaf may
 *       sign and is no CA.
 *   <li>Where the suite refuses a certificate for its issuers' lists, the path has to be valid:
 *       nothing but the lists may be what refuses it.
 *   <li>Policies start as for any user: any policy will do, none is demanded, mapping and anyPolicy
 *       are not inhibited. The suite asks some cases again with other starts, which nobody can set
 *       here.
 * </ul>
 */
class PkitsTest {

  /** Within the validity of all certificates that are meant to be valid: 2010 to 2030. */
  private static final Instant AT = Instant.parse("2026-11-23T00:00:00Z");

  /** Where we are stricter on purpose: DSA is no key for a device or its CA. */
  private static final Map<String, Set<ChainFault>> STRICTER =
      Map.of(
          "4.1.4",
          EnumSet.of(ChainFault.WEAK_KEY),
          // The JDK doesn't take the parameters of a DSA key from its issuer's.
          "4.1.5",
          EnumSet.of(ChainFault.WEAK_KEY, ChainFault.UNTRUSTED_ISSUER));

  @TestFactory
  Stream<DynamicTest> judgesWhatAPeerPresentsAsPublished() throws IOException {
    PkitsData data = PkitsData.orSkip(PkitsTest.class);
    TrustSnapshot trust = TrustSnapshot.ofAnchors(data.anchor());
    return eachCase(
        testcase ->
            assertThat(faults(data.presentedWith(testcase.leaf()), trust))
                .isEqualTo(expected(testcase)));
  }

  /** The same with the leaf alone, and the path to be found among all CAs of the suite. */
  @TestFactory
  Stream<DynamicTest> findsThePathAmongAllKnownAuthorities() throws IOException {
    PkitsData data = PkitsData.orSkip(PkitsTest.class);
    TrustSnapshot trust = TrustSnapshot.of(List.of(data.anchor()), data.authorities(), List.of());
    return eachCase(
        testcase ->
            // Only whether it is valid: a CA certificate that is malformed is not known, where a
            // peer that presents it is refused for it.
            assertThat(faults(List.of(data.certificate(testcase.leaf())), trust).isEmpty())
                .isEqualTo(expected(testcase).isEmpty()));
  }

  @Test
  void leavesOutNoCase() throws IOException {
    PkitsData data = PkitsData.orSkip(PkitsTest.class);
    List<PkitsData.Case> cases = PkitsData.cases();
    assertThat(cases.stream().collect(Collectors.groupingBy(PkitsData.Case::section)))
        .hasSize(16)
        .allSatisfy(
            (section, ofSection) ->
                assertThat(ofSection.getLast().number())
                    .isEqualTo(section + "." + ofSection.size()));
    Set<String> leaves = new TreeSet<>(data.certificates().keySet());
    leaves.removeIf(name -> !name.endsWith("EE"));
    assertThat(cases.stream().map(PkitsData.Case::leaf)).containsAll(leaves);
    Map<String, Long> kinds =
        cases.stream()
            .map(PkitsData.Case::expected)
            .collect(
                Collectors.groupingBy(
                    expected ->
                        expected.equals("valid") || expected.equals("list") ? expected : "path",
                    Collectors.counting()));
    System.out.println("PkitsTest: valid, refused for the path, for the lists: " + kinds);
  }

  @Test
  void noCertificateOfTheSuiteNamesAPurpose() throws Exception {
    PkitsData data = PkitsData.orSkip(PkitsTest.class);
    for (String name : data.certificates().keySet()) {
      assertThat(data.certificate(name).getExtendedKeyUsage()).as(name).isNull();
    }
  }

  private interface Question {
    void ask(PkitsData.Case testcase);
  }

  private static Stream<DynamicTest> eachCase(Question question) {
    return PkitsData.cases().stream()
        .map(testcase -> dynamicTest(testcase.toString(), () -> question.ask(testcase)));
  }

  private static Set<ChainFault> expected(PkitsData.Case testcase) {
    return switch (testcase.expected()) {
      case "valid", "list" -> STRICTER.getOrDefault(testcase.number(), Set.of());
      default ->
          Arrays.stream(testcase.expected().split("\\+"))
              .map(fault -> ChainFault.valueOf(fault.toUpperCase(Locale.ROOT)))
              .collect(Collectors.toSet());
    };
  }

  private static Set<ChainFault> faults(List<X509Certificate> presented, TrustSnapshot trust) {
    Set<ChainFault> faults =
        switch (new PathValidator().judge(new PresentedChain(presented), trust, AT)) {
          case ChainVerdict.Valid valid -> Set.<ChainFault>of();
          case ChainVerdict.Rejected rejected -> EnumSet.copyOf(rejected.faults());
        };
    if (faults.contains(ChainFault.MALFORMED)) {
      // Nothing else was looked at.
      return faults;
    }
    assertThat(faults).as("the leaf names no purpose").contains(ChainFault.WRONG_USAGE);
    faults.remove(ChainFault.WRONG_USAGE);
    return faults;
  }
}
