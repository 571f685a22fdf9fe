/**
 * What leaves the log, and what must not: whole months past their time, and personal data.
 *
 * <p>Promise: nothing is dropped that is not in a file which was checked first, that is held for a
 * case, or that is no leaf of the signed tree; the log itself says what was dropped before it is.
 * What was signed is never touched: leaves stay, and an erasure takes the clear values and the salt
 * that stand beside a record. The last word on all of this is with functions of the database, which
 * a role of its own may call; the service's own role may not.
 *
 * <p>May know {@code audit}, {@code audit.log} and {@code audit.verify}.
 */
package io.sallyport.audit.retention;
