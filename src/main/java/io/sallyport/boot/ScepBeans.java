package io.sallyport.boot;

import io.sallyport.authority.scep.ScepSettings;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes what SCEP is told of the configuration. */
@Singleton
final class ScepBeans {

  // Each message costs two RSA operations: enough of them to keep all processors busy, no more.
  private static final int AT_ONCE = 4 * Runtime.getRuntime().availableProcessors();

  @Produces
  @Singleton
  ScepSettings scepSettings(SallyportConfig config) {
    var scep = config.scep();
    if (scep.plainHttp() && !scep.enabled()) {
      throw new RefusedToStart(
          "sallyport.scep.plain-http is true while sallyport.scep.enabled is not: set both, or neither");
    }
    return new ScepSettings(scep.enabled(), scep.plainHttp(), AT_ONCE);
  }
}
