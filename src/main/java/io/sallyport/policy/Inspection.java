package io.sallyport.policy;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelSourceLocation;
import dev.cel.common.ast.CelConstant;
import dev.cel.common.ast.CelExpr;
import io.sallyport.identity.SegmentName;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Looks through an expression that the checker let pass, for what its types don't tell: what can't
 * mean what it seems to, what would fail each time, and what costs too much.
 */
final class Inspection {

  /** Functions that would lead around the checker. */
  static final Set<String> WITHHELD = Set.of("dyn", "type");

  /** No single expression may cost more. */
  static final long MOST = 10_000;

  /** How many elements a list of the question counts with. */
  private static final long LIST = 100;

  private static final long MATCH = 20;

  private final CelAbstractSyntaxTree tree;
  private final List<Language.Fault> faults = new ArrayList<>();
  private final Set<SegmentName> segments = new LinkedHashSet<>();

  private Inspection(CelAbstractSyntaxTree tree) {
    this.tree = tree;
  }

  record Result(long cost, Set<SegmentName> segments, List<Language.Fault> faults) {}

  static Result of(CelAbstractSyntaxTree tree) {
    var inspection = new Inspection(tree);
    inspection.visit(tree.getExpr());
    inspection.results(tree.getExpr());
    long cost = inspection.cost(tree.getExpr());
    if (cost > MOST) {
      inspection.faults.add(
          new Language.Fault(
              0,
              0,
              "costs too much: lists are gone through within lists, or a long condition is asked"
                  + " of each element"));
    }
    return new Result(cost, inspection.segments, inspection.faults);
  }

  /** Everything directly below. */
  static List<CelExpr> children(CelExpr expr) {
    return switch (expr.getKind()) {
      case CONSTANT, IDENT, NOT_SET -> List.of();
      case SELECT -> List.of(expr.select().operand());
      case CALL -> {
        List<CelExpr> parts = new ArrayList<>();
        expr.call().target().ifPresent(parts::add);
        parts.addAll(expr.call().args());
        yield parts;
      }
      case LIST -> expr.list().elements();
      case STRUCT -> expr.struct().entries().stream().map(entry -> entry.value()).toList();
      case MAP -> {
        List<CelExpr> parts = new ArrayList<>();
        expr.map()
            .entries()
            .forEach(
                entry -> {
                  parts.add(entry.key());
                  parts.add(entry.value());
                });
        yield parts;
      }
      case COMPREHENSION -> {
        var loop = expr.comprehension();
        yield List.of(
            loop.iterRange(),
            loop.accuInit(),
            loop.loopCondition(),
            loop.loopStep(),
            loop.result());
      }
    };
  }

  private void visit(CelExpr expr) {
    switch (expr.getKind()) {
      case CONSTANT -> {
        // An absent user is an object without fields: a comparison with null would let it pass.
        if (expr.constant().getKind() == CelConstant.Kind.NULL_VALUE) {
          fault(
              expr,
              "nothing is ever null here; ask has(user.subject) or has(posture.diskEncryption)");
        }
      }
      case STRUCT -> fault(expr, "rules can't make values of this type");
      case CALL -> call(expr);
      case IDENT, SELECT, LIST, MAP, COMPREHENSION, NOT_SET -> {}
    }
    children(expr).forEach(this::visit);
  }

  private void call(CelExpr expr) {
    String function = expr.call().function();
    if (WITHHELD.contains(function)) {
      fault(expr, function + " is not available in rules");
    }
    if (function.equals("matches")) {
      literal(expr).ifPresentOrElse(regex -> regex(expr, regex), () -> notLiteral(expr));
    }
    if (function.equals("inNetwork")) {
      literal(expr).ifPresentOrElse(cidr -> network(expr, cidr), () -> notLiteral(expr));
    }
  }

  private static Optional<String> literal(CelExpr call) {
    CelExpr last = call.call().args().getLast();
    return last.getKind() == CelExpr.ExprKind.Kind.CONSTANT
            && last.constant().getKind() == CelConstant.Kind.STRING_VALUE
        ? Optional.of(last.constant().stringValue())
        : Optional.empty();
  }

  // What a device or a person may say of themselves must not become a pattern.
  private void notLiteral(CelExpr expr) {
    fault(expr, expr.call().function() + " takes a text in quotes, nothing computed");
  }

  private void regex(CelExpr expr, String regex) {
    try {
      if (Pattern.compile(regex).programSize() > Language.LARGEST_REGEX) {
        fault(expr, "the regular expression is too large; repetitions count as often as they say");
      }
    } catch (PatternSyntaxException e) {
      fault(expr, "no regular expression (RE2): " + Hints.shortened(e.getMessage()));
    }
  }

  private void network(CelExpr expr, String cidr) {
    try {
      Network.parse(cidr);
    } catch (IllegalArgumentException e) {
      fault(expr, e.getMessage());
    }
  }

  // Follows only what becomes the result: in "x" in ["a"] ? ["b"] : [] that is b.
  private void results(CelExpr expr) {
    switch (expr.getKind()) {
      case LIST -> expr.list().elements().forEach(this::named);
      case CALL -> {
        var args = expr.call().args();
        switch (expr.call().function()) {
          case "_?_:_" -> {
            results(args.get(1));
            results(args.get(2));
          }
          case "_+_" -> args.forEach(this::results);
          default -> {}
        }
      }
      case CONSTANT, IDENT, SELECT, STRUCT, MAP, COMPREHENSION, NOT_SET -> {}
    }
  }

  private void named(CelExpr element) {
    if (element.getKind() == CelExpr.ExprKind.Kind.CONSTANT
        && element.constant().getKind() == CelConstant.Kind.STRING_VALUE) {
      try {
        segments.add(new SegmentName(element.constant().stringValue()));
      } catch (IllegalArgumentException e) {
        fault(element, e.getMessage());
      }
    }
  }

  private long cost(CelExpr expr) {
    if (expr.getKind() != CelExpr.ExprKind.Kind.COMPREHENSION) {
      long own =
          expr.getKind() == CelExpr.ExprKind.Kind.CALL && expr.call().function().equals("matches")
              ? MATCH
              : 1;
      return children(expr).stream().mapToLong(this::cost).reduce(own, Inspection::sum);
    }
    var loop = expr.comprehension();
    long rounds =
        loop.iterRange().getKind() == CelExpr.ExprKind.Kind.LIST
            ? loop.iterRange().list().elements().size()
            : LIST;
    long round = sum(cost(loop.loopCondition()), cost(loop.loopStep()));
    long once = sum(cost(loop.iterRange()), sum(cost(loop.accuInit()), cost(loop.result())));
    return sum(once, round > MOST ? round : rounds * round);
  }

  // Far above what is allowed there is no need to count on, nor to overflow.
  private static long sum(long a, long b) {
    return Math.min(a + b, 1_000 * MOST);
  }

  private void fault(CelExpr expr, String message) {
    Integer offset = tree.getSource().getPositionsMap().get(expr.id());
    CelSourceLocation place =
        offset == null ? null : tree.getSource().getOffsetLocation(offset).orElse(null);
    faults.add(
        place == null
            ? new Language.Fault(0, 0, message)
            : new Language.Fault(place.getLine(), place.getColumn() + 1, message));
  }
}
