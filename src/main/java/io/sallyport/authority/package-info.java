/**
 * Our own certification authority: enrolment codes, issuing, and what the world fetches from a CA.
 *
 * <p>Promise: a certificate leaves this package only for a device in the registry that may have
 * one, for a key whose possession was proven, and only once its row is committed; a one-time code
 * gives certificates to one key alone. Key material never leaves memory or its 0600 file. May
 * depend on {@code admission}, {@code registry}, {@code revocation}, {@code trust}, {@code limit},
 * {@code audit} and {@code feed}; the classes that boot calls before Quarkus runs ({@link
 * io.sallyport.authority.DevelopmentAuthority}, {@link io.sallyport.authority.AuthorityMaterial})
 * need the JDK and Bouncy Castle alone.
 */
package io.sallyport.authority;
