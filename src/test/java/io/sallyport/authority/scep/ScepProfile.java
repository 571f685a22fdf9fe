package io.sallyport.authority.scep;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.util.Map;

/** With SCEP open, on the plain port too. */
public final class ScepProfile implements QuarkusTestProfile {

  @Override
  public Map<String, String> getConfigOverrides() {
    return Map.of("sallyport.scep.enabled", "true", "sallyport.scep.plain-http", "true");
  }
}
