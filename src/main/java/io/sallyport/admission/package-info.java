/**
 * THE decision. One engine for every door.
 *
 * <p>Promise: {@link io.sallyport.admission.AdmissionEngine} answers with one of three sealed
 * outcomes; an {@link io.sallyport.admission.AdmissionDecision.Admitted} exists only after its
 * audit record, and the grant beside it, are durable. Whatever cannot be checked is never a yes.
 * Nothing here is cached: standing is read at every decision, and {@link
 * io.sallyport.admission.LiveGrants} decides anew at every question about a grant.
 *
 * <p>{@link io.sallyport.admission.StandingQuery} and, for certificates that are not recognised,
 * {@link io.sallyport.admission.StrangerQuery} alone join the tables of other packages, and only
 * read them. The one thing written besides the record and its grant is the registration of a
 * certificate that an anchor's mapping led to its device, by the registry's own command.
 *
 * <p>What a decision would be, today or after a change that is not made yet, is told by {@link
 * io.sallyport.admission.Explain} and {@link io.sallyport.admission.Simulator} with the same
 * classes; they open nothing and write nothing.
 */
package io.sallyport.admission;
