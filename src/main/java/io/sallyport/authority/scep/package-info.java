/**
 * The Simple Certificate Enrolment Protocol (RFC 8894), for MDMs and network gear that speak
 * nothing else.
 *
 * <p>Promise: the same rules as every enrolment (one code, one key; names from the registry), over
 * messages that protect themselves. A message is answered as SCEP has it once it could be read, and
 * by a problem of HTTP otherwise. Whoever sends a message that is not his own learns nothing of its
 * content: what can't be opened and what opens to nonsense get one answer. No challenge is ever
 * logged or recorded; the RSA key that opens messages leaves memory only sealed. Knows {@code
 * authority} and what that may know; {@code authority} does not know it.
 */
package io.sallyport.authority.scep;
