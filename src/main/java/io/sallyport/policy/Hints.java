package io.sallyport.policy;

import dev.cel.checker.CelStandardDeclarations;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelIssue;
import dev.cel.common.ast.CelExpr;
import dev.cel.common.types.CelType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.StructType;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says of a checker's complaint what would be right. */
final class Hints {

  private static final int LONGEST = 300;
  private static final Pattern FIELD = Pattern.compile("undefined field '(.*)'");
  private static final Pattern NAME = Pattern.compile("undeclared reference to '(.*?)'.*");

  private Hints() {}

  /**
   * @param tree as it was parsed; null if it could not be
   */
  static String of(CelIssue issue, CelAbstractSyntaxTree tree) {
    String said = issue.getMessage();
    Optional<CelExpr> place =
        tree == null ? Optional.empty() : find(tree.getExpr(), issue.getExprId());
    Matcher field = FIELD.matcher(said);
    if (field.matches()) {
      return "there is no field "
          + field.group(1)
          + place
              .filter(expr -> expr.getKind() == CelExpr.ExprKind.Kind.SELECT)
              .map(expr -> typeOf(expr.select().operand()))
              .flatMap(Hints::fields)
              .map(known -> " here; known are " + known)
              .orElse(" here");
    }
    Matcher name = NAME.matcher(said);
    if (name.matches()) {
      boolean function =
          place.filter(expr -> expr.getKind() == CelExpr.ExprKind.Kind.CALL).isPresent();
      return function
          ? "there is no function " + name.group(1) + "; known are " + functions()
          : "there is no variable "
              + name.group(1)
              + "; known are "
              + String.join(", ", Vocabulary.INSTANCE.variables().keySet());
    }
    return shortened(said);
  }

  /** A message of the library, which may quote all that it was given. */
  static String shortened(String message) {
    if (message == null) {
      return "can't be compiled";
    }
    String line = message.replaceAll("\\p{Cntrl}+", " ").strip();
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
  }

  private static String functions() {
    TreeSet<String> names = new TreeSet<>();
    for (String name : CelStandardDeclarations.getAllFunctionNames()) {
      if (name.matches("[a-z][A-Za-z]+") && !Inspection.WITHHELD.contains(name)) {
        names.add(name);
      }
    }
    names.add("inNetwork");
    names.remove("in");
    return String.join(", ", names);
  }

  private static Optional<String> fields(CelType type) {
    return type instanceof StructType struct
        ? Optional.of(String.join(", ", struct.fieldNames()))
        : Optional.empty();
  }

  // The checker keeps no types of what it refused, so that they are followed from the variable.
  private static CelType typeOf(CelExpr expr) {
    CelType type =
        switch (expr.getKind()) {
          case IDENT -> Vocabulary.INSTANCE.variables().get(expr.ident().name());
          case SELECT -> member(typeOf(expr.select().operand()), expr.select().field());
          case CALL ->
              expr.call().function().equals("_[_]")
                  ? member(typeOf(expr.call().args().getFirst()), "")
                  : null;
          case CONSTANT, LIST, STRUCT, MAP, COMPREHENSION, NOT_SET -> null;
        };
    return type == null ? null : Vocabulary.INSTANCE.findType(type.name()).orElse(type);
  }

  private static CelType member(CelType type, String field) {
    return switch (type) {
      case StructType struct -> struct.findField(field).map(StructType.Field::type).orElse(null);
      case MapType map -> map.valueType();
      case null, default -> null;
    };
  }

  private static Optional<CelExpr> find(CelExpr expr, long id) {
    if (expr.id() == id) {
      return Optional.of(expr);
    }
    return Inspection.children(expr).stream()
        .map(child -> find(child, id))
        .flatMap(Optional::stream)
        .findFirst();
  }
}
