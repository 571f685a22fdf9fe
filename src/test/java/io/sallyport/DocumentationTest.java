package io.sallyport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages claim by name must be there. */
class DocumentationTest {

  private static final Pattern CLASS = Pattern.compile("`([A-Z][A-Za-z0-9]+)(?:\\.[a-z]\\w*)?`");
  private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+)(?:#[^)]*)?\\)");
  private static final Pattern DEPENDENCY =
      Pattern.compile("<dependency>\\s*<groupId>[^<]+</groupId>\\s*<artifactId>([^<]+)<");

  /** Written in the pages like a class of ours, and none. */
  private static final Set<String> FOREIGN =
      Set.of(
          "AmazonCorrettoCryptoProvider",
          "ETag",
          "EdDSA",
          "HttpServer",
          "HttpsJwks",
          "SSLEngineOptions",
          "SecureRandom",
          "SslContext");

  @Test
  void namesOnlyClassesThatExist() throws IOException {
    Set<String> known = new TreeSet<>(FOREIGN);
    for (Path file : files("src", ".java")) {
      known.add(file.getFileName().toString().replace(".java", ""));
    }
    Set<String> unknown = new TreeSet<>();
    for (Path page : pages()) {
      CLASS
          .matcher(Files.readString(page))
          .results()
          .map(found -> found.group(1))
          .filter(name -> name.chars().anyMatch(Character::isLowerCase) && !isWord(name))
          .filter(name -> !known.contains(name))
          .forEach(name -> unknown.add(page + ": " + name));
    }

    assertThat(unknown).isEmpty();
  }

  @Test
  void linksOnlyToFilesThatExist() throws IOException {
    Set<String> broken = new TreeSet<>();
    for (Path page : pages()) {
      LINK.matcher(Files.readString(page))
          .results()
          .map(found -> page.resolveSibling(found.group(1)))
          .filter(target -> !Files.exists(target))
          .forEach(target -> broken.add(page + " -> " + target));
    }

    assertThat(broken).isEmpty();
  }

  @Test
  void saysOfEveryDependencyWhyItIsThereAndOfNoOther() throws IOException {
    Set<String> used =
        DEPENDENCY
            .matcher(
                Files.readString(Path.of("pom.xml"))
                    .replaceAll("(?s)<dependencyManagement>.*?</dependencyManagement>", ""))
            .results()
            .map(found -> found.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> explained =
        Files.readAllLines(Path.of("docs/decisions/dependencies.md")).stream()
            .filter(line -> line.startsWith("| `"))
            .map(line -> line.split("`")[1])
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(explained).isEqualTo(used);
  }

  // A header, a method of HTTP or a word in title case is no class.
  private static boolean isWord(String name) {
    return name.chars().skip(1).noneMatch(Character::isUpperCase);
  }

  private static Set<Path> pages() throws IOException {
    Set<Path> pages = files("docs", ".md");
    pages.add(Path.of("README.md"));
    pages.add(Path.of("CONTRIBUTING.md"));
    return pages;
  }

  private static Set<Path> files(String folder, String ending) throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(folder))) {
      return files
          .filter(file -> file.toString().endsWith(ending))
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }
}
