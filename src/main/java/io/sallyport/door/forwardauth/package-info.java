/**
 * Forward-auth on 9443: what reverse proxies ask about each request of a device (nginx {@code
 * auth_request}, HAProxy, Traefik's ForwardAuth, Caddy's {@code forward_auth}, Envoy's HTTP {@code
 * ext_authz}).
 *
 * <p>Promise: no header that a proxy forwards counts before that proxy has signed in; of several
 * headers that tell of one thing none counts; a path below {@code /authz} never reaches anything
 * else of this port. Translates and never judges: that is {@code admission}'s. May use {@code
 * admission}, {@code grant}, {@code trust}, {@code feed} and {@code limit}; Vert.x is named here.
 */
package io.sallyport.door.forwardauth;
