package io.sallyport.policy;

import com.google.common.collect.ImmutableList;
import dev.cel.common.CelAbstractSyntaxTree;
import dev.cel.common.CelFunctionDecl;
import dev.cel.common.CelIssue;
import dev.cel.common.CelOptions;
import dev.cel.common.CelOverloadDecl;
import dev.cel.common.CelValidationException;
import dev.cel.common.CelValidationResult;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.cel.compiler.CelCompiler;
import dev.cel.compiler.CelCompilerFactory;
import dev.cel.parser.CelStandardMacro;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelFunctionBinding;
import dev.cel.runtime.CelRuntime;
import dev.cel.runtime.CelRuntimeFactory;
import dev.cel.runtime.Program;
import io.sallyport.identity.SegmentName;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * CEL as rules may use it: the variables of {@link Vocabulary}, the standard functions, {@code
 * source.inNetwork(cidr)}, and bounds on everything that could cost. Thread-safe.
 */
final class Language {

  static final int LONGEST_EXPRESSION = 4_096;

  /** Of a regular expression, in instructions of the engine, which takes linear time. */
  static final int LARGEST_REGEX = 200;

  private static final int DEEPEST = 32;
  private static final int MOST_NODES = 500;
  private static final int MOST_ITERATIONS = 1_000;
  private static final int MOST_PARSE_ERRORS = 3;

  private static final CelOptions OPTIONS =
      CelOptions.current()
          .maxExpressionCodePointSize(LONGEST_EXPRESSION)
          .maxParseRecursionDepth(DEEPEST)
          .maxParseExpressionNodeCount(MOST_NODES)
          .maxParseErrorRecoveryLimit(MOST_PARSE_ERRORS)
          .comprehensionMaxIterations(MOST_ITERATIONS)
          .maxRegexProgramSize(LARGEST_REGEX)
          .enableHeterogeneousNumericComparisons(true)
          .build();

  private static final CelCompiler CONDITIONS = compiler(SimpleType.BOOL);
  private static final CelCompiler LISTS = compiler(ListType.create(SimpleType.STRING));

  private static final CelRuntime RUNTIME =
      CelRuntimeFactory.plannerRuntimeBuilder()
          .setOptions(OPTIONS)
          .setTypeProvider(Vocabulary.INSTANCE)
          .addFunctionBindings(
              CelFunctionBinding.fromOverloads(
                  "inNetwork",
                  CelFunctionBinding.from(
                      "source_in_network_string",
                      Facts.Source.class,
                      String.class,
                      (source, cidr) -> Network.parse(cidr).holds(source.address().address()))))
          .build();

  private Language() {}

  /** What is wrong at a place of an expression; line and column from 1, 0 for the whole. */
  record Fault(int line, int column, String message) {}

  /**
   * An expression that was read.
   *
   * @param program null if there are faults
   * @param cost what evaluating it may cost at most, roughly in accesses
   * @param segments the names that it gives literally
   */
  record Compiled(Program program, long cost, Set<SegmentName> segments, List<Fault> faults) {
    private static Compiled faulty(List<Fault> faults) {
      return new Compiled(
          null,
          0,
          Set.of(),
          faults.stream()
              .sorted(Comparator.comparingInt(Fault::line).thenComparingInt(Fault::column))
              .toList());
    }
  }

  /** A condition: gives a bool. */
  static Compiled condition(String expression) {
    return compile(CONDITIONS, expression);
  }

  /** Names: gives a list of strings. */
  static Compiled names(String expression) {
    return compile(LISTS, expression);
  }

  private static CelCompiler compiler(CelType result) {
    var builder =
        CelCompilerFactory.standardCelCompilerBuilder()
            .setOptions(OPTIONS)
            .setStandardMacros(CelStandardMacro.STANDARD_MACROS)
            .setTypeProvider(Vocabulary.INSTANCE)
            .addFunctionDeclarations(
                CelFunctionDecl.newFunctionDeclaration(
                    "inNetwork",
                    CelOverloadDecl.newMemberOverload(
                        "source_in_network_string",
                        SimpleType.BOOL,
                        Vocabulary.reference("Source"),
                        SimpleType.STRING)))
            .setResultType(result);
    Vocabulary.INSTANCE.variables().forEach(builder::addVar);
    return builder.build();
  }

  private static Compiled compile(CelCompiler compiler, String expression) {
    try {
      CelValidationResult parsed = compiler.parse(expression);
      if (parsed.hasError()) {
        return faulty(parsed, null);
      }
      CelAbstractSyntaxTree tree = parsed.getAst();
      CelValidationResult checked = compiler.check(tree);
      if (checked.hasError()) {
        return faulty(checked, tree);
      }
      var inspection = Inspection.of(checked.getAst());
      if (!inspection.faults().isEmpty()) {
        return Compiled.faulty(inspection.faults());
      }
      return new Compiled(
          RUNTIME.createProgram(checked.getAst()),
          inspection.cost(),
          inspection.segments(),
          List.of());
    } catch (CelValidationException | CelEvaluationException | RuntimeException e) {
      // The library refuses by several kinds of exception; none of them may store the rule.
      return Compiled.faulty(List.of(new Fault(0, 0, Hints.shortened(e.getMessage()))));
    }
  }

  private static Compiled faulty(CelValidationResult result, CelAbstractSyntaxTree tree) {
    ImmutableList<CelIssue> issues = result.getErrors();
    return Compiled.faulty(
        issues.stream()
            .map(
                issue ->
                    new Fault(
                        Math.max(0, issue.getSourceLocation().getLine()),
                        Math.max(0, issue.getSourceLocation().getColumn() + 1),
                        Hints.of(issue, tree)))
            .toList());
  }
}
