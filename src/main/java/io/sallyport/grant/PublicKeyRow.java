package io.sallyport.grant;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.Base64;

/**
 * The public half of a signing key, as JWKS shows it (RFC 7517, RFC 7518 section 6.2).
 *
 * @param x the point's coordinate, 32 bytes in base64url
 * @param y likewise
 */
public record PublicKeyRow(String kid, String x, String y) {

  private static final int COORDINATE = 32;

  static PublicKeyRow of(String kid, ECPublicKey key) {
    return new PublicKeyRow(
        kid, coordinate(key.getW().getAffineX()), coordinate(key.getW().getAffineY()));
  }

  /** The stored form. */
  String stored() {
    return x + "." + y;
  }

  static PublicKeyRow ofStored(String kid, String stored) {
    int dot = stored.indexOf('.');
    if (dot < 0) {
      throw new IllegalArgumentException("not a stored public key");
    }
    return new PublicKeyRow(kid, stored.substring(0, dot), stored.substring(dot + 1));
  }

  ECPublicKey toKey() throws GeneralSecurityException {
    AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
    curve.init(new ECGenParameterSpec("secp256r1"));
    ECPoint point = new ECPoint(number(x), number(y));
    return (ECPublicKey)
        KeyFactory.getInstance("EC")
            .generatePublic(
                new ECPublicKeySpec(point, curve.getParameterSpec(ECParameterSpec.class)));
  }

  private static BigInteger number(String coordinate) {
    return new BigInteger(1, Base64.getUrlDecoder().decode(coordinate));
  }

  private static String coordinate(BigInteger number) {
    byte[] bytes = number.toByteArray();
    byte[] fixed = new byte[COORDINATE];
    int length = Math.min(bytes.length, COORDINATE);
    System.arraycopy(bytes, bytes.length - length, fixed, COORDINATE - length, length);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(fixed);
  }
}
