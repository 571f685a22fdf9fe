package io.sallyport.trust;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.sallyport.identity.ProblemException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The lists of NIST's Public Key Interoperability Test Suite ({@link PkitsData}), sections 4.4,
 * 4.14 and 4.15: an operator uploads every list of the suite, and each case's path is asked about.
 * What each list and each case gets is in {@code pkits-lists.txt}, and in words in {@code
 * docs/path-validation.md}.
 */
class PkitsListsTest {

  private static final Set<String> SECTIONS = Set.of("4.4", "4.14", "4.15");

  @TempDir Path folder;
  private EvidenceWorld world;
  private final List<UUID> cas = new ArrayList<>();

  @AfterEach
  void end() throws Exception {
    // Nobody else in this database is to know them.
    for (UUID ca : cas) {
      world.sql("update ca_certificate set state = 'removed' where id = ?", ca);
    }
    if (world != null) {
      world.close();
    }
  }

  @TestFactory
  Stream<DynamicTest> judgesAsPublishedOrMoreStrictly() throws Exception {
    PkitsData data = PkitsData.orSkip(PkitsListsTest.class);
    Map<String, String> expected = expected();
    world = new EvidenceWorld(folder);
    List<PkitsData.Case> cases =
        PkitsData.cases().stream().filter(each -> SECTIONS.contains(each.section())).toList();
    UUID anchor = trust(data, cases);
    Map<String, String> taken = upload(anchor, data);
    List<DynamicTest> tests = new ArrayList<>();
    tests.add(
        dynamicTest(
            "what became of the lists",
            () ->
                assertThat(taken)
                    .isEqualTo(
                        expected.entrySet().stream()
                            .filter(row -> !row.getKey().startsWith("4."))
                            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)))));
    for (PkitsData.Case each : cases) {
      tests.add(
          dynamicTest(
              each.toString(),
              () -> {
                String verdict = verdict(anchor, data, each.leaf());
                if (!each.expected().equals("valid")) {
                  assertThat(verdict).as("what NIST refuses is never good").isNotEqualTo("good");
                }
                assertThat(verdict).isEqualTo(expected.get(each.number()));
              }));
    }
    return tests.stream();
  }

  private UUID trust(PkitsData data, List<PkitsData.Case> cases) throws Exception {
    UUID anchor = world.cas().addAnchor(data.anchor(), CaSource.FILE);
    cas.add(anchor);
    world.sql(
        """
        insert into trust_anchor (id, name, evidence, created_at, changed_at)
        values (?, 'PKITS', 'issuer', now(), now())
        on conflict (id) do update set evidence = 'issuer'
        """,
        anchor);
    for (PkitsData.Case each : cases) {
      List<X509Certificate> presented = data.presentedWith(each.leaf());
      for (X509Certificate ca : presented.subList(1, presented.size())) {
        cas.add(world.cas().ensureIntermediate(ca));
      }
    }
    return anchor;
  }

  /** What became of each list, deltas last; without those of CAs that no case here is about. */
  private Map<String, String> upload(UUID anchor, PkitsData data) throws Exception {
    List<String> names = new ArrayList<>(data.lists().keySet());
    names.sort(Comparator.comparing((String name) -> name.endsWith("deltaCRL")));
    Map<String, String> outcomes = new TreeMap<>();
    for (String name : names) {
      String outcome = upload(anchor, data.lists().get(name));
      if (!outcome.equals("crl_unknown_issuer")) {
        outcomes.put(name, outcome);
      }
    }
    return outcomes;
  }

  private String upload(UUID anchor, byte[] list) throws Exception {
    try {
      world.outside.upload(anchor, new ByteArrayInputStream(list), "test", null);
      return "taken";
    } catch (ProblemException e) {
      return e.problem().reasons().getFirst();
    }
  }

  private String verdict(UUID anchor, PkitsData data, String leaf) throws Exception {
    List<X509Certificate> path = path(data.presentedWith(leaf), data.anchor());
    return switch (world
        .outside
        .evidence()
        .of(EvidenceQuestion.of(anchor, path), world.clock.instant())) {
      case EvidenceVerdict.Good good -> "good";
      case EvidenceVerdict.Revoked revoked -> "revoked";
      case EvidenceVerdict.Unknown unknown -> unknown.cause();
    };
  }

  /** From the leaf to the anchor by signatures, without the anchor. */
  private static List<X509Certificate> path(
      List<X509Certificate> presented, X509Certificate anchor) {
    List<X509Certificate> path = new ArrayList<>(List.of(presented.getFirst()));
    while (!isIssuedBy(path.getLast(), anchor)) {
      X509Certificate last = path.getLast();
      path.add(
          presented.stream()
              .filter(ca -> !path.contains(ca) && isIssuedBy(last, ca))
              .findFirst()
              .orElseThrow());
    }
    return path;
  }

  private static boolean isIssuedBy(X509Certificate lower, X509Certificate issuer) {
    try {
      lower.verify(issuer.getPublicKey());
      return lower.getIssuerX500Principal().equals(issuer.getSubjectX500Principal());
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** By list or by the number of the case. */
  private static Map<String, String> expected() throws IOException {
    try (InputStream table = PkitsListsTest.class.getResourceAsStream("pkits-lists.txt")) {
      return new String(table.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" "))
          .collect(Collectors.toMap(words -> words[0], words -> words[1]));
    }
  }
}
