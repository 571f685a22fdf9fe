package io.sallyport.audit.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SignedNoteTest {

  /** The example of C2SP signed-note. */
  private static final String VKEY =
      "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

  private static final String NOTE =
      """
      This is an example message.

      \u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
      """;

  private static final String LOG = "sallyport.example.com/log";

  private final SigningKey key = SigningKey.ofPem(SigningKey.newPem(new SecureRandom()));

  @Test
  void verifiesTheExampleOfTheSpecification() {
    NoteKey known = NoteKey.parse(VKEY);

    assertThat(known.hexId()).isEqualTo("530d903a");
    assertThat(known).hasToString(VKEY);
    assertThat(SignedNote.parse(NOTE).isSignedBy(List.of(known))).isTrue();
    assertThat(SignedNote.parse(NOTE)).hasToString(NOTE);
  }

  @Test
  void refusesAChangedText() {
    assertThat(
            SignedNote.parse(NOTE.replace("example message", "exemple message"))
                .isSignedBy(List.of(NoteKey.parse(VKEY))))
        .isFalse();
  }

  @Test
  void verifiesWhatItSigned() {
    var checkpoint = new Checkpoint(LOG, 7, TreeHash.ofNothing());
    var note = SignedNote.parse(checkpoint.signedBy(key).toString());

    assertThat(Checkpoint.open(note, List.of(key.named(LOG)))).isEqualTo(checkpoint);
  }

  @Test
  void refusesACheckpointOfAKeyThatIsNotItsOrigins() {
    var note = new Checkpoint(LOG, 7, TreeHash.ofNothing()).signedBy(key);
    SigningKey other = SigningKey.ofPem(SigningKey.newPem(new SecureRandom()));

    for (NoteKey stranger : List.of(other.named(LOG), key.named("another.example.com"))) {
      assertThatThrownBy(() -> Checkpoint.open(note, List.of(stranger)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no valid signature of a known key");
    }
  }

  @Test
  void passesOverSignaturesOfUnknownKeysAndRefusesAWrongOneOfAKnownKey() {
    var checkpoint = new Checkpoint(LOG, 7, TreeHash.ofNothing());
    SignedNote ours = checkpoint.signedBy(key);
    var witness = new SignedNote.Line("witness.example.com", 1, new byte[64]);
    var forged = new SignedNote.Line(LOG, key.named(LOG).id(), new byte[64]);

    var cosigned = new SignedNote(ours.text(), List.of(witness, ours.signatures().getFirst()));
    assertThat(cosigned.isSignedBy(List.of(key.named(LOG)))).isTrue();
    var spoiled = new SignedNote(ours.text(), List.of(ours.signatures().getFirst(), forged));
    assertThat(spoiled.isSignedBy(List.of(key.named(LOG)))).isFalse();
    assertThat(new SignedNote(ours.text(), List.of()).isSignedBy(List.of(key.named(LOG))))
        .isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "text",
        "text\n",
        "text\n\n",
        "text\n\nname AAAAAAAA\n",
        "text\n\n\u2014 name\n",
        "text\n\n\u2014 a+b AAAAAAAA\n",
        "text\n\n\u2014 name AAAA\n",
        "text\n\n\u2014 name !!!!!!!!\n",
        "te\txt\n\n\u2014 name AAAAAAAA\n",
        "text\n\n\u2014 name AAAAAAAA"
      })
  void refusesWhatIsNoNote(String text) {
    assertThatThrownBy(() -> SignedNote.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "log\n1\n",
        "log\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "log\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n",
        "log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
        "a log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "log\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nextension\n"
      })
  void refusesWhatIsNoCheckpoint(String text) {
    assertThatThrownBy(() -> Checkpoint.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a",
        ""
      })
  void refusesWhatIsNoVerifierKey(String text) {
    assertThatThrownBy(() -> NoteKey.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void readsNoOtherKeyThanEd25519AndRepeatsNoneOfItsFile() {
    String secret = Base64.getEncoder().encodeToString("a secret that is no key".getBytes());
    for (String file :
        List.of(
            secret,
            "-----BEGIN PRIVATE KEY-----\n" + secret + "\n-----END PRIVATE KEY-----\n",
            "")) {
      assertThatThrownBy(() -> SigningKey.ofPem(file))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining(secret)
          .hasNoCause();
    }
    assertThat(key).hasToString("SigningKey[redacted]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0/000", "1/x001/x234/067", "entries/255.p/1", "0/000.p/255", "7/999"})
  void readsTheAddressOfATile(String path) {
    assertThat(TilePath.parse(path)).hasToString(path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "00/000",
        "0/00",
        "0/0000",
        "0/x000/001",
        "0/001/002",
        "0/000.p/0",
        "0/000.p/256",
        "64/000",
        "-1/000",
        "data/000",
        "0/000.p/01",
        "0/x999/x999/x999/x999/x999/999",
        ""
      })
  void refusesWhatIsNoAddressOfATile(String path) {
    assertThatThrownBy(() -> TilePath.parse(path)).isInstanceOf(IllegalArgumentException.class);
  }
}
