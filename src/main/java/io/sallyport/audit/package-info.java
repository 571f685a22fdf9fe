/**
 * The log of decisions and changes.
 *
 * <p>Promise: a decision that lets a device in is durable in Postgres before anybody is told,
 * together with the grant it gave; if that cannot be had in time, the answer is not "yes". Refusals
 * outlive an absent Postgres in a bounded local spool. Strangers who fail before they prove
 * anything are written by a queue and a thread of their own and folded into counts, so that they
 * can neither displace a decision nor fill the log. Nothing is dropped without being counted.
 *
 * <p>A row keeps its record in canonical form (RFC 8785). Personal fields stand there only as
 * salted hashes; erasing the clear copy beside them leaves the canonical bytes, and whatever was
 * signed over them, as they were.
 *
 * <p>Depends on {@code identity} alone.
 */
package io.sallyport.audit;
