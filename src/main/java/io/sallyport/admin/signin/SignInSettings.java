package io.sallyport.admin.signin;

import java.nio.file.Path;
import java.util.Objects;

/**
 * What sign-in needs to know of its surroundings.
 *
 * @param dataDirectory where the file with the first operator's password is
 */
public record SignInSettings(Path dataDirectory) {

  public SignInSettings {
    Objects.requireNonNull(dataDirectory, "dataDirectory");
  }
}
