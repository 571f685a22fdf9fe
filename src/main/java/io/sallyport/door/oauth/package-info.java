/**
 * What clients, proxies and verifiers ask without a device's certificate: our metadata (RFC 8414),
 * the keys of our tokens (RFC 7517), whether a grant is live (RFC 7662), its end (RFC 7009), and
 * the signed lists that tell of it (IETF Token Status List).
 *
 * <p>Promise: an answer of "active" rests on a standing read at this moment; nothing is cached but
 * status lists, which say of when they are, and are made anew after 5 seconds at the latest. May
 * use {@code admission} and {@code grant}.
 */
package io.sallyport.door.oauth;
