/**
 * Trust: is this chain genuine?
 *
 * <p>Promise: a {@link io.sallyport.trust.ValidatedChain} exists only for a leaf that was presented
 * first, that leads by signatures to an anchor trusted at that moment, and in which neither the
 * leaf nor anything above it has a fault of {@link io.sallyport.trust.ChainFault}. Whatever else
 * was presented can help to build that path and can never stand in for the leaf. Hostile input
 * makes a verdict, never an exception.
 *
 * <p>What outside CAs say about revocation is kept here as dated evidence: {@link
 * io.sallyport.trust.RevocationEvidence} answers an {@link io.sallyport.trust.EvidenceQuestion}
 * from the database, and calls good only what current evidence of the certificate's own issuer
 * covers. What an issuer has taken back is told to {@link io.sallyport.trust.NewlyListed}. What
 * follows from missing evidence, and the standing of the device, are judged elsewhere.
 *
 * <p>Depends on {@code feed} and {@code identity}.
 */
package io.sallyport.trust;
