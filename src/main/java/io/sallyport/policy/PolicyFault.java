package io.sallyport.policy;

import java.util.Objects;

/**
 * What is wrong with a rule, and where.
 *
 * @param index the rule's place in its set, from 0; -1 if the set itself is at fault
 * @param rule its name, "" if it has none
 * @param field {@code name}, {@code when}, {@code admit.segments} and so on
 * @param line within the field's text, from 1; 0 if the whole field is meant
 * @param column within that line, from 1; 0 if the whole field is meant
 * @param message what is wrong and what would be right
 */
public record PolicyFault(
    int index, String rule, String field, int line, int column, String message) {

  public PolicyFault {
    Objects.requireNonNull(rule, "rule");
    Objects.requireNonNull(field, "field");
    Objects.requireNonNull(message, "message");
  }

  /** The field's path as a client wrote it: {@code rules[2].when}. */
  public String path() {
    return index < 0 ? field : "rules[" + index + "]" + (field.isEmpty() ? "" : "." + field);
  }
}
