package io.sallyport.boot;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Keeps everything but the PKI paths off the port without TLS: RFC 5280 wants lists and CA
 * certificates there, and nothing else has any business in the clear.
 */
@Singleton
final class PlainPort {

  private static final int FIRST = 10_000;

  void register(@Observes Filters filters) {
    filters.register(PlainPort::guard, FIRST);
  }

  private static void guard(RoutingContext context) {
    if (context.request().isSSL() || context.normalizedPath().startsWith("/pki/")) {
      context.next();
      return;
    }
    context
        .response()
        .setStatusCode(404)
        .putHeader("Content-Type", "application/problem+json")
        .end(
            "{\"type\":\"urn:sallyport:problem:not_found\",\"title\":\"There is no such thing\",\"status\":404,"
                + "\"detail\":\"This port serves /pki/ only; everything else is on the TLS port.\"}");
  }
}
