package io.sallyport.boot;

import io.sallyport.registry.PostureSettings;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Makes the settings of posture. */
@Singleton
final class PostureBeans {

  @Produces
  @Singleton
  PostureSettings postureSettings(SallyportConfig config) {
    var posture = config.posture();
    try {
      return new PostureSettings(
          posture.ttl(), posture.longestTtl(), posture.clockSkew(), posture.keepExpired());
    } catch (IllegalArgumentException e) {
      throw new RefusedToStart("sallyport.posture." + e.getMessage(), e);
    }
  }
}
