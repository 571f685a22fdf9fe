package io.sallyport.boot;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.sallyport.authority.scep.ScepSettings;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Keeps everything but the PKI paths off the port without TLS: RFC 5280 wants lists, OCSP answers
 * and CA certificates there, and nothing else has any business in the clear, unless SCEP, which
 * protects its messages itself, is wanted for gear that knows no TLS.
 */
@Singleton
final class PlainPort {

  private static final int FIRST = 10_000;

  private final boolean scep;

  PlainPort(ScepSettings scep) {
    this.scep = scep.plainHttp();
  }

  void register(@Observes Filters filters) {
    filters.register(this::guard, FIRST);
  }

  private boolean serves(String path) {
    return path.startsWith("/pki/")
        || path.equals("/ocsp")
        || path.startsWith("/ocsp/")
        || scep && (path.equals("/scep") || path.equals("/scep/pkiclient.exe"));
  }

  private void guard(RoutingContext context) {
    if (context.request().isSSL() || serves(context.normalizedPath())) {
      context.next();
      return;
    }
    context
        .response()
        .setStatusCode(404)
        .putHeader("Content-Type", "application/problem+json")
        .end(
            "{\"type\":\"urn:sallyport:problem:not_found\",\"title\":\"There is no such thing\",\"status\":404,"
                + "\"detail\":\"This port serves signed PKI objects only; everything else is on the TLS port.\"}");
  }
}
