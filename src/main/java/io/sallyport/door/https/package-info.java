/**
 * The device door on 8443: mutual TLS 1.3, h2 and http/1.1.
 *
 * <p>Promise: no request is answered on a connection whose peer did not prove possession of a
 * certificate's key; every handshake that fails, and every connection that ends without a decision,
 * leaves a record with its source address; no session is ever resumed, so no check is ever skipped.
 * May use {@code admission}, {@code grant}, {@code trust}, {@code feed} and {@code limit}; Vert.x
 * and Netty are named here.
 */
package io.sallyport.door.https;
