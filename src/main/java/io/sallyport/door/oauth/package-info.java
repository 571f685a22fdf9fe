/**
 * What proxies and verifiers ask on the admin side: the keys of our tokens (RFC 7517) and whether a
 * grant is live (RFC 7662).
 *
 * <p>Promise: an answer of "active" rests on a standing read at this moment; nothing is cached. May
 * use {@code admission} and {@code grant}.
 */
package io.sallyport.door.oauth;
