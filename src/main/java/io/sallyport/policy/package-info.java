/**
 * Policy: which segments a device opens, for how long, by rules in CEL that admins can read; and
 * the segments themselves, the named places that a grant opens.
 *
 * <p>Promise: a set of rules is compiled and type-checked before it is stored, and never changes
 * afterwards; the first rule that matches decides, the end is a refusal; judging costs a bounded
 * amount, reads nothing but the question and never throws; a condition that can't be evaluated
 * admits nobody. Depends on {@code feed} and {@code audit}.
 */
package io.sallyport.policy;
