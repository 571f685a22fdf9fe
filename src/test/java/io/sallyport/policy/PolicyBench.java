package io.sallyport.policy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a judgement costs, against the same question written in Java. A question is answered by the
 * last of its rules, so that all are asked. Run by {@code java -cp <test class path>
 * io.sallyport.policy.PolicyBench}.
 */
final class PolicyBench {

  private static final int ROUNDS = 5;
  private static final long ROUND_NANOS = 250_000_000L;
  private static final int BATCH = 200;

  // The thread's own time: a busy machine would be measured otherwise.
  private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

  private static long kept;

  private PolicyBench() {}

  public static void main(String[] arguments) {
    System.out.printf("%-28s %12s %12s %12s%n", "", "median ns", "fastest", "slowest");
    PolicyQuestion question =
        Questions.laptop().fact("diskEncryption", true).fact("osVersion", 15L).user("sales").ask();
    report("by hand, 100 rules", () -> byHand(question, 100));
    report(
        "the default",
        judging(Rules.policy(PolicyRules.DEFAULT.rules().toArray(PolicyRule[]::new)), question));
    for (int rules : List.of(1, 10, 100)) {
      report(rules + (rules == 1 ? " rule" : " rules"), judging(policy(rules), question));
    }
    if (kept == 42) {
      // Never; but the compiler can't know, and so must compute the verdicts.
      System.out.println(kept);
    }
  }

  private static Policy policy(int rules) {
    List<PolicyRule> all = new ArrayList<>();
    for (int i = 1; i < rules; i++) {
      all.add(
          Rules.admit(
              "rule " + i,
              "device.kind == \"laptop\" && posture.osVersion >= 14"
                  + " && device.labels.site == \"site-"
                  + i
                  + "\"",
              "device.segments"));
    }
    all.add(
        Rules.admit(
            "the last", "device.state == \"active\" && posture.diskEncryption", "device.segments"));
    return Rules.policy(all.toArray(PolicyRule[]::new));
  }

  private static Runnable judging(Policy policy, PolicyQuestion question) {
    return () -> kept += policy.judge(question).rule().length();
  }

  // What the rules of policy(rules) say, as a Java programmer would write it.
  private static void byHand(PolicyQuestion question, int rules) {
    for (int i = 1; i < rules; i++) {
      if (question.device().kind().equals("laptop")
          && (Long) question.posture().get("osVersion").value() >= 14
          && ("site-" + i).equals(question.device().labels().get("site"))) {
        return;
      }
    }
    if (question.device().state().equals("active")
        && (Boolean) question.posture().get("diskEncryption").value()) {
      kept += question.device().segments().size();
    }
  }

  private static void report(String name, Runnable judgement) {
    long[] perJudgement = new long[ROUNDS];
    for (int round = -2; round < ROUNDS; round++) {
      long done = 0;
      long start = CPU.getCurrentThreadCpuTime();
      long passed;
      do {
        for (int i = 0; i < BATCH; i++) {
          judgement.run();
        }
        done += BATCH;
        passed = CPU.getCurrentThreadCpuTime() - start;
      } while (passed < ROUND_NANOS);
      if (round >= 0) {
        perJudgement[round] = passed / done;
      }
    }
    Arrays.sort(perJudgement);
    System.out.printf(
        "%-28s %12d %12d %12d%n",
        name, perJudgement[ROUNDS / 2], perJudgement[0], perJudgement[ROUNDS - 1]);
  }
}
