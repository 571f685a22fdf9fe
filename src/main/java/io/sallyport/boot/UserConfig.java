package io.sallyport.boot;

import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How identity providers of people are asked; which ones there are is said at {@code
 * /api/v1/identity-providers}. One in the private network is reached if {@code
 * sallyport.trust.fetch.allow} names its host or address.
 */
public interface UserConfig {

  /**
   * How far an identity provider's clock may be ahead of ours; at most 5 minutes. A token lives no
   * longer for it.
   */
  @WithDefault("30s")
  Duration clockSkew();

  /** How long to wait for one document of an identity provider. */
  @WithDefault("3s")
  Duration timeout();

  /**
   * PEM file of the CAs that vouch for identity providers' servers, instead of those that the JDK
   * trusts.
   */
  Optional<Path> caCertificates();

  /**
   * Whether an identity provider on this machine may be asked by plain HTTP. For trying things out:
   * refused with {@code sallyport.database.embedded=false}.
   */
  @WithDefault("false")
  boolean plainHttpOnLoopback();

  /** The public keys of identity providers, which are kept for a while. */
  Keys keys();

  /** The public keys of identity providers, which are kept for a while. */
  interface Keys {
    /** How old keys may be before they are fetched again. */
    @WithDefault("15m")
    Duration refresh();

    /** How old keys may be while they can't be fetched; then no token of theirs can be checked. */
    @WithDefault("24h")
    Duration kept();

    /**
     * How long after one attempt to fetch keys the next is made at the earliest, however many
     * tokens name a key that is unknown.
     */
    @WithDefault("10s")
    Duration interval();
  }
}
