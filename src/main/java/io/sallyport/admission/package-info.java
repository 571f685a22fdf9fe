/**
 * THE decision. One engine for every door.
 *
 * <p>Promise: {@link io.sallyport.admission.AdmissionEngine} answers with one of three sealed
 * outcomes; an {@link io.sallyport.admission.AdmissionDecision.Admitted} exists only after its
 * audit record, and the grant beside it, are durable. Whatever cannot be checked is never a yes.
 * Nothing here is cached: standing is read at every decision.
 *
 * <p>{@link io.sallyport.admission.StandingQuery} alone joins the tables of other packages, and
 * only reads them.
 */
package io.sallyport.admission;
