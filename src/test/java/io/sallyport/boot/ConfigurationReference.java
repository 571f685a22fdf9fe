package io.sallyport.boot;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import io.smallrye.config.common.utils.StringUtil;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** Reads the Javadoc of a configuration mapping and writes the manual of it. */
final class ConfigurationReference {

  /**
   * One property.
   *
   * @param fallback its default; empty where it has none
   */
  record Property(String name, String type, Optional<String> fallback, String text) {

    String environment() {
      return StringUtil.replaceNonAlphanumericByUnderscores(name).toUpperCase(Locale.ROOT);
    }
  }

  /** What stands together under one prefix. */
  record Group(String prefix, String text, List<Property> properties) {}

  private static final Pattern MANY = Pattern.compile("(List<|Map<String, ?)(\\w+)>");

  private final List<CompilationUnitTree> units;
  private final DocTrees documentation;
  private final Map<String, ClassTree> nested = new TreeMap<>();
  private final List<Group> groups = new ArrayList<>();

  private ConfigurationReference(List<CompilationUnitTree> units, DocTrees documentation) {
    this.units = units;
    this.documentation = documentation;
  }

  /**
   * The groups in the order of the source, the root's first. Interfaces of the same folder whose
   * names end in {@code Config} are known too.
   */
  static List<Group> of(Path source, String prefix) throws IOException {
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      var task =
          (JavacTask)
              compiler.getTask(
                  null,
                  files,
                  null,
                  null,
                  null,
                  files.getJavaFileObjectsFromFiles(sources(source)));
      List<CompilationUnitTree> units = new ArrayList<>();
      task.parse().forEach(units::add);
      var reference = new ConfigurationReference(units, DocTrees.instance(task));
      var root = (ClassTree) units.getFirst().getTypeDecls().getFirst();
      reference.collect(root);
      for (CompilationUnitTree other : units.subList(1, units.size())) {
        var type = (ClassTree) other.getTypeDecls().getFirst();
        reference.nested.put(type.getSimpleName().toString(), type);
        reference.collect(type);
      }
      reference.group(root, prefix);
      return List.copyOf(reference.groups);
    }
  }

  private static List<File> sources(Path source) throws IOException {
    try (var all = Files.list(source.toAbsolutePath().getParent())) {
      List<File> others =
          all.filter(file -> file.getFileName().toString().endsWith("Config.java"))
              .filter(file -> !file.getFileName().equals(source.getFileName()))
              .sorted()
              .map(Path::toFile)
              .toList();
      return Stream.concat(Stream.of(source.toFile()), others.stream()).toList();
    }
  }

  /** The manual's page, with {@code introduction} under its title. */
  static String page(List<Group> groups, String introduction) {
    StringBuilder page = new StringBuilder(introduction.strip()).append('\n');
    for (Group group : groups) {
      if (group.properties().isEmpty()) {
        continue;
      }
      page.append("\n## ").append(group.prefix()).append("\n\n").append(group.text()).append('\n');
      for (Property property : group.properties()) {
        page.append("\n- **`").append(property.name()).append("`** · `");
        page.append(property.environment()).append("` · ").append(property.type()).append(" · ");
        page.append(property.fallback().map(value -> "`" + value + "`").orElse("unset"));
        page.append("<br>\n  ").append(property.text()).append('\n');
      }
    }
    return page.toString();
  }

  private void collect(ClassTree type) {
    for (Tree member : type.getMembers()) {
      if (member instanceof ClassTree inner) {
        nested.put(inner.getSimpleName().toString(), inner);
        collect(inner);
      }
    }
  }

  private void group(ClassTree type, String prefix) {
    List<Property> properties = new ArrayList<>();
    int place = groups.size();
    for (Tree member : type.getMembers()) {
      if (!(member instanceof MethodTree method)) {
        continue;
      }
      String name = prefix + "." + name(method);
      String returned = method.getReturnType().toString();
      Matcher many = MANY.matcher(returned);
      if (nested.containsKey(returned)) {
        group(nested.get(returned), name);
      } else if (many.matches() && nested.containsKey(many.group(2))) {
        group(
            nested.get(many.group(2)),
            name + (many.group(1).equals("List<") ? "[0]" : ".\"name\""));
      } else {
        properties.add(
            new Property(name, type(returned), value(method, "WithDefault"), text(method)));
      }
    }
    groups.add(place, new Group(prefix, text(type), List.copyOf(properties)));
  }

  private static String name(MethodTree method) {
    return value(method, "WithName").orElse(StringUtil.skewer(method.getName().toString()));
  }

  private static Optional<String> value(MethodTree method, String annotation) {
    return method.getModifiers().getAnnotations().stream()
        .filter(found -> found.getAnnotationType().toString().equals(annotation))
        .map(ConfigurationReference::argument)
        .findFirst();
  }

  private static String argument(AnnotationTree annotation) {
    ExpressionTree argument = annotation.getArguments().getFirst();
    ExpressionTree value =
        argument instanceof AssignmentTree assignment ? assignment.getExpression() : argument;
    return ((LiteralTree) value).getValue().toString();
  }

  private static String type(String java) {
    String bare = java.replaceFirst("^Optional<(.*)>$", "$1");
    return switch (bare) {
      case "Path" -> "path";
      case "Duration" -> "duration";
      case "Period" -> "years, months and days as in ISO 8601, such as `P1Y6M`";
      case "String" -> "text";
      case "boolean" -> "`true` or `false`";
      case "int", "long", "Integer" -> "number";
      case "List<String>" -> "list, separated by commas";
      case "MissingEvidence" -> "`require` or `allow-with-note`";
      default -> throw new IllegalArgumentException("say here what an operator writes for " + java);
    };
  }

  private String text(Tree tree) {
    String raw =
        units.stream()
            .map(unit -> TreePath.getPath(unit, tree))
            .filter(Objects::nonNull)
            .findFirst()
            .map(documentation::getDocComment)
            .orElse(null);
    if (raw == null || raw.isBlank()) {
      throw new IllegalArgumentException(
          "no Javadoc: " + (tree instanceof MethodTree method ? method.getName() : tree.getKind()));
    }
    return raw.strip()
        .lines()
        .map(String::strip)
        .collect(Collectors.joining(" "))
        .replaceAll("\\{@(?:code|link)\\s+((?:[^{}]|\\{[^{}]*})*)}", "`$1`");
  }
}
