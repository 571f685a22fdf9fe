package io.sallyport.user;

import java.util.List;
import org.jose4j.jwk.PublicJsonWebKey;

/**
 * The public keys of a provider that may have made a signature, as they were at one moment.
 *
 * @param jwksUri where they were found
 */
record KeySet(String jwksUri, List<PublicJsonWebKey> keys) {
  KeySet {
    keys = List.copyOf(keys);
  }
}
