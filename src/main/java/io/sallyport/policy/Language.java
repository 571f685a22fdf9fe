package io.sallyport.policy;

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
import java.util.ArrayList;
import java.util.List;

/**
 * CEL as rules may use it: the variables of {@link Vocabulary}, the standard functions, {@code
 * source.inNetwork(cidr)}, and bounds on everything that could cost. Thread-safe.
 */
final class Language {

  static final int LONGEST_EXPRESSION = 4_096;
  private static final int DEEPEST = 32;
  private static final int MOST_NODES = 500;
  private static final int MOST_ITERATIONS = 1_000;
  private static final int LARGEST_REGEX = 200;
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

  /** A program, or what is wrong; exactly one of them. */
  record Compiled(Program program, CelAbstractSyntaxTree tree, List<Fault> faults) {}

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
    CelValidationResult result = compiler.compile(expression);
    if (result.hasError()) {
      List<Fault> faults = new ArrayList<>();
      for (CelIssue issue : result.getErrors()) {
        faults.add(
            new Fault(
                issue.getSourceLocation().getLine(),
                issue.getSourceLocation().getColumn() + 1,
                issue.getMessage()));
      }
      return new Compiled(null, null, faults);
    }
    try {
      CelAbstractSyntaxTree tree = result.getAst();
      return new Compiled(RUNTIME.createProgram(tree), tree, List.of());
    } catch (CelValidationException | CelEvaluationException e) {
      return new Compiled(null, null, List.of(new Fault(0, 0, e.getMessage())));
    }
  }
}
