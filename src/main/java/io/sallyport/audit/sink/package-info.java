/**
 * Sends the log elsewhere: records to whoever watches them, checkpoints to whoever is to hold us to
 * them.
 *
 * <p>Promise: each sink gets every record (or every checkpoint) at least once and in the order of
 * the log, whatever crashes; where it goes on is in Postgres. Each has a queue, a cursor and a
 * thread of its own, so that a receiver that hangs delays neither a decision nor another sink. What
 * a receiver refuses to take again and again is noted as a dead letter and passed over; a receiver
 * that can't be reached is tried for ever. Nothing is sent before it is in a signed tree.
 *
 * <p>{@link io.sallyport.audit.sink.Delivery} is what a new kind of receiver implements.
 *
 * <p>May know {@code audit}, {@code audit.log}, {@code identity} and {@code seal}.
 */
package io.sallyport.audit.sink;
