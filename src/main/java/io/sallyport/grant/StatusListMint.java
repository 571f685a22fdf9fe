package io.sallyport.grant;

import java.sql.SQLException;
import java.time.Instant;

/**
 * Signs status lists by the keys that sign tokens (Token Status List, section "Status List Token in
 * JWT Format"), so that whoever verifies a token has the list's key too.
 */
public final class StatusListMint {

  private final SigningKeys keys;
  private final GrantSettings grants;
  private final StatusListSettings settings;

  public StatusListMint(SigningKeys keys, GrantSettings grants, StatusListSettings settings) {
    this.keys = keys;
    this.grants = grants;
    this.settings = settings;
  }

  /**
   * The list as it was at {@code at}.
   *
   * @throws SQLException if a new key was due and its public half could not be published
   */
  public String mint(long list, StatusBits bits, Instant at) throws SQLException {
    long seconds = at.getEpochSecond();
    return Jws.sign(
        keys.signing(),
        "statuslist+jwt",
        "{\"iss\":\""
            + grants.issuer()
            + "\",\"sub\":\""
            + settings.uri(list)
            + "\",\"iat\":"
            + seconds
            + ",\"exp\":"
            + (seconds + settings.believed().toSeconds())
            + ",\"ttl\":"
            + settings.ttl().toSeconds()
            + ",\"status_list\":{\"bits\":1,\"lst\":\""
            + bits.encoded()
            + "\"}}");
  }
}
