package io.sallyport.authority.scep;

/**
 * Whether SCEP is spoken, and where.
 *
 * @param enabled a door that nobody uses is closed
 * @param plainHttp whether the port without TLS answers it too
 * @param concurrent how many messages may be worked on at once; each costs two RSA operations
 */
public record ScepSettings(boolean enabled, boolean plainHttp, int concurrent) {

  public ScepSettings {
    if (concurrent < 1) {
      throw new IllegalArgumentException("at least one message at once, not " + concurrent);
    }
  }
}
