package io.sallyport.grant;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;

/** Signs claims by ES256 in the compact form (RFC 7515 section 3.1). */
final class Jws {

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private Jws() {}

  /**
   * @param type the {@code typ} of the header, which keeps one kind of JWT from passing for another
   *     (RFC 8725 section 3.11)
   * @param claims a JSON object
   */
  static String sign(SigningKeys.Current key, String type, String claims) {
    String signed =
        base64("{\"alg\":\"ES256\",\"kid\":\"" + key.kid() + "\",\"typ\":\"" + type + "\"}")
            + '.'
            + base64(claims);
    return signed + '.' + BASE64.encodeToString(signature(key.key(), signed));
  }

  private static byte[] signature(PrivateKey key, String signed) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      signature.initSign(key);
      signature.update(signed.getBytes(StandardCharsets.US_ASCII));
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK signs by ES256", e);
    }
  }

  private static String base64(String json) {
    return BASE64.encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }
}
