/**
 * Rate limits. Failed proofs (sign-in, enrolment codes) are counted in Postgres, so that replicas
 * share the count; how much anybody may ask for is limited in memory, per replica.
 *
 * <p>Promise: memory is bounded, whoever comes under however many names; one asker's flood empties
 * no other's bucket; nothing here waits. Depends on no other package of Sallyport but {@code
 * identity}.
 */
package io.sallyport.limit;
