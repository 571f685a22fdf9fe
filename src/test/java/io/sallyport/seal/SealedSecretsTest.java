package io.sallyport.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.seal.SealedSecrets.SealBrokenException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class SealedSecretsTest {

  private static final SecureRandom RANDOM = new SecureRandom();
  private static final byte[] SECRET = "not for everybody".getBytes(StandardCharsets.UTF_8);

  private final MasterKey masterKey = key();
  private final UUID row = UUID.randomUUID();
  private final SealedSecrets secrets = new SealedSecrets("scep-ra", masterKey, RANDOM);

  @Test
  void opensWhatItSealed() throws Exception {
    assertThat(secrets.open(row, secrets.seal(row, SECRET))).isEqualTo(SECRET);
    assertThat(secrets.open(row, secrets.seal(row, new byte[0]))).isEmpty();
  }

  @Test
  void showsNothingOfTheSecretAndNeverTheSameTwice() {
    byte[] sealed = secrets.seal(row, SECRET);

    assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("everybody");
    assertThat(sealed).isNotEqualTo(secrets.seal(row, SECRET));
    assertThat(sealed).hasSize(1 + 8 + 12 + SECRET.length + 16);
  }

  @Test
  void opensForNoOtherRow() {
    byte[] sealed = secrets.seal(row, SECRET);

    assertThatThrownBy(() -> secrets.open(UUID.randomUUID(), sealed))
        .isInstanceOf(SealBrokenException.class);
  }

  @Test
  void opensForNoOtherKindOfRow() {
    byte[] sealed = secrets.seal(row, SECRET);

    assertThatThrownBy(() -> new SealedSecrets("webhook", masterKey, RANDOM).open(row, sealed))
        .isInstanceOf(SealBrokenException.class);
  }

  @Test
  void noticesEveryAlteredByte() {
    byte[] sealed = secrets.seal(row, SECRET);

    for (int i = 0; i < sealed.length; i++) {
      byte[] altered = sealed.clone();
      altered[i] ^= 1;
      assertThatThrownBy(() -> secrets.open(row, altered))
          .as("byte %d", i)
          .isInstanceOf(SealBrokenException.class);
    }
  }

  @Test
  void refusesWhatIsCutShort() {
    byte[] sealed = secrets.seal(row, SECRET);

    for (int length = 0; length < sealed.length; length++) {
      byte[] cut = Arrays.copyOf(sealed, length);
      assertThatThrownBy(() -> secrets.open(row, cut))
          .as("%d bytes", length)
          .isInstanceOf(SealBrokenException.class);
    }
  }

  @Test
  void opensWhatAFormerMasterKeySealedAndSaysThatItIsStale() throws Exception {
    MasterKey next = key();
    byte[] old = secrets.seal(row, SECRET);
    var rotated = new SealedSecrets("scep-ra", next, List.of(masterKey), RANDOM);

    assertThat(rotated.open(row, old)).isEqualTo(SECRET);
    assertThat(rotated.stale(old)).isTrue();
    assertThat(rotated.stale(rotated.seal(row, SECRET))).isFalse();
  }

  @Test
  void saysWhenTheMasterKeyIsAnother() {
    byte[] sealed = secrets.seal(row, SECRET);

    assertThatThrownBy(() -> new SealedSecrets("scep-ra", key(), RANDOM).open(row, sealed))
        .isInstanceOf(SealBrokenException.class)
        .hasMessageContaining("another master key");
  }

  private static MasterKey key() {
    byte[] bytes = new byte[MasterKey.LENGTH];
    RANDOM.nextBytes(bytes);
    return MasterKey.of(bytes);
  }
}
