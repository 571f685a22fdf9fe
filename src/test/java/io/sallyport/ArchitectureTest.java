package io.sallyport;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static com.tngtech.archunit.library.plantuml.rules.PlantUmlArchCondition.Configuration.consideringOnlyDependenciesInDiagram;
import static com.tngtech.archunit.library.plantuml.rules.PlantUmlArchCondition.adhereToPlantUmlDiagram;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Holds the arrows between the packages: the diagram in the README is the rule, so that neither can
 * drift from the code.
 */
class ArchitectureTest {

  private static final Path README = Path.of("README.md");
  private static final Path SOURCES = Path.of("src/main/java/io/sallyport");
  private static final Pattern DIAGRAM =
      Pattern.compile("```plantuml\\n(.*?)\\n```", Pattern.DOTALL);
  private static final Pattern COMPONENT = Pattern.compile("\\[([a-z.]+)] <<io\\.sallyport\\.");

  /** Known to all, or knowing all: arrows to everywhere are held by rules of their own. */
  private static final Set<String> NOT_DRAWN = Set.of("identity", "seal", "boot");

  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.sallyport");

  private static final ArchRule HTTP_STAYS_AT_THE_EDGE =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "io.sallyport.door..", "io.sallyport.admin..", "io.sallyport.boot..")
          .and(describe("are no HTTP resources of authority", c -> !isHttpOfAuthority(c)))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                  "io.vertx..", "io.netty..", "jakarta.ws.rs..", "org.jboss.resteasy.."));

  private static final ArchRule CLOCK_AND_RANDOMNESS_ARE_GIVEN =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.sallyport.boot..")
          .should()
          .callMethod(Instant.class, "now")
          .orShould()
          .callMethod(Clock.class, "systemUTC")
          .orShould()
          .callMethod(Clock.class, "systemDefaultZone")
          .orShould()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callConstructor(java.util.Date.class)
          .orShould()
          .callConstructor(SecureRandom.class)
          .orShould()
          .callMethod(SecureRandom.class, "getInstanceStrong")
          .orShould()
          .callMethod(UUID.class, "randomUUID")
          .orShould()
          .callMethod(ThreadLocalRandom.class, "current")
          .orShould()
          .callMethod(Math.class, "random");

  @TempDir Path folder;

  @Test
  void followsTheArrowsOfTheReadme() throws IOException {
    arrows(diagram()).check(HOUSE);
  }

  @Test
  void noticesAnArrowThatTheReadmeDoesNotDraw() throws IOException {
    String without = diagram().replaceAll("(?m)^\\[registry] --> .*$", "");

    assertThatThrownBy(() -> arrows(without).check(HOUSE))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("io.sallyport.registry");
  }

  @Test
  void showsEveryPackageInTheReadme() throws IOException {
    Set<String> drawn =
        COMPONENT
            .matcher(diagram())
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> inCode =
        HOUSE.stream()
            .filter(type -> !type.getSimpleName().equals("package-info"))
            .map(JavaClass::getPackageName)
            .map(name -> name.replaceFirst("^io\\.sallyport\\.?", ""))
            .filter(name -> !NOT_DRAWN.contains(name))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(drawn).isEqualTo(inCode);
  }

  @Test
  void hasNoCycles() {
    slices().matching("io.sallyport.(**)").should().beFreeOfCycles().check(HOUSE);
  }

  @Test
  void keepsIdentityAndSealOnTheJdkAlone() {
    classes()
        .that()
        .resideInAnyPackage("io.sallyport.identity", "io.sallyport.seal")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "javax..", "io.sallyport.identity", "io.sallyport.seal")
        .check(HOUSE);
  }

  @Test
  void knowsBootFromNowhere() {
    noClasses()
        .that()
        .resideOutsideOfPackage("io.sallyport.boot..")
        .should()
        .dependOnClassesThat(resideInAnyPackage("io.sallyport.boot.."))
        .check(HOUSE);
  }

  @Test
  void speaksHttpOnlyAtTheEdge() {
    HTTP_STAYS_AT_THE_EDGE.check(HOUSE);
  }

  @Test
  void readsTheClockAndDrawsRandomnessInBootAlone() {
    CLOCK_AND_RANDOMNESS_ARE_GIVEN.check(HOUSE);
  }

  @ParameterizedTest
  @MethodSource("rulesAndOffenders")
  void noticesWhoBreaksARule(ArchRule rule, Class<?> offender) {
    JavaClasses imported = new ClassFileImporter().importClasses(offender);

    assertThatThrownBy(() -> rule.check(imported))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(offender.getSimpleName());
  }

  static Stream<org.junit.jupiter.params.provider.Arguments> rulesAndOffenders() {
    return Stream.of(
            List.of(HTTP_STAYS_AT_THE_EDGE, HoldsABuffer.class),
            List.of(CLOCK_AND_RANDOMNESS_ARE_GIVEN, ReadsTheClock.class),
            List.of(CLOCK_AND_RANDOMNESS_ARE_GIVEN, MakesItsOwnRandomness.class))
        .map(pair -> org.junit.jupiter.params.provider.Arguments.of(pair.toArray()));
  }

  @Test
  void namesWhatMayBeAbsentInOneClassEach() {
    assertThat(classesThatName("io.netty.internal.tcnative"))
        .containsExactly("io.sallyport.door.https.BoringSslEngine");
    assertThat(classesThatName("io.zonky")).containsExactly("io.sallyport.boot.EmbeddedDatabase");
    assertThat(classesThatName("com.amazon")).containsExactly("io.sallyport.boot.FastCrypto");
  }

  @Test
  void saysOfEveryPackageWhatItPromises() throws IOException {
    List<Path> silent;
    try (Stream<Path> files = Files.walk(SOURCES)) {
      silent =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .map(Path::getParent)
              .distinct()
              .filter(directory -> !Files.exists(directory.resolve("package-info.java")))
              .toList();
    }

    assertThat(silent).isEmpty();
  }

  @Test
  void hasNoPackageForOddsAndEnds() {
    noClasses()
        .should()
        .resideInAnyPackage("..util..", "..utils..", "..common..", "..dto..", "..mapper..")
        .check(HOUSE);
  }

  private static boolean isHttpOfAuthority(JavaClass candidate) {
    return Set.of("io.sallyport.authority", "io.sallyport.authority.scep")
            .contains(candidate.getPackageName())
        && (candidate.isMetaAnnotatedWith("jakarta.ws.rs.Path")
            || candidate.isAssignableTo("jakarta.ws.rs.container.ContainerResponseFilter")
            || candidate.isMetaAnnotatedWith("jakarta.ws.rs.NameBinding"));
  }

  private static Set<String> classesThatName(String foreign) {
    return HOUSE.stream()
        .filter(
            candidate ->
                candidate.getDirectDependenciesFromSelf().stream()
                    .anyMatch(to -> to.getTargetClass().getPackageName().startsWith(foreign)))
        .map(candidate -> candidate.getName().replaceFirst("\\$.*", ""))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String diagram() throws IOException {
    return DIAGRAM
        .matcher(Files.readString(README))
        .results()
        .map((MatchResult found) -> found.group(1))
        .collect(Collectors.collectingAndThen(Collectors.toList(), List::getFirst));
  }

  private ArchRule arrows(String diagram) throws IOException {
    Path file = Files.writeString(folder.resolve("packages.puml"), diagram);
    return classes()
        .that(resideInAnyPackage("io.sallyport.."))
        .and()
        .resideOutsideOfPackage("io.sallyport.boot..")
        .should(
            adhereToPlantUmlDiagram(file.toUri().toURL(), consideringOnlyDependenciesInDiagram()))
        .allowEmptyShould(false);
  }

  // In the package io.sallyport, where none of these is allowed.

  static final class ReadsTheClock {
    Instant when() {
      return Instant.now();
    }
  }

  static final class MakesItsOwnRandomness {
    SecureRandom random() {
      return new SecureRandom();
    }
  }

  static final class HoldsABuffer {
    ByteBuf buffer;
  }
}
