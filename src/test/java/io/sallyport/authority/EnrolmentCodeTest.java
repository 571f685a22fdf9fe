package io.sallyport.authority;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.SecureRandom;
import java.util.Locale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class EnrolmentCodeTest {

  private final SecureRandom random = new SecureRandom();

  @Test
  void isWrittenInGroupsOfLettersAndDigitsThatCannotBeConfused() {
    assertThat(EnrolmentCode.random(random).reveal())
        .matches("([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{6}");
  }

  @Property
  void isReadBackAsItWasWritten(@ForAll @Size(16) byte[] bytes) {
    EnrolmentCode code = EnrolmentCode.random(fixed(bytes));

    assertThat(EnrolmentCode.parse(code.reveal())).contains(code);
  }

  @Property
  void readsAnythingWithoutFailing(@ForAll @StringLength(max = 120) String text) {
    assertThat(EnrolmentCode.parse(text)).isNotNull();
  }

  @Test
  void isReadInAnyCaseWithoutDashesAndWithLookAlikes() {
    EnrolmentCode code = EnrolmentCode.random(fixed(new byte[16]));
    String zeros = code.reveal();

    assertThat(zeros).isEqualTo("00000-00000-00000-00000-000000");
    assertThat(EnrolmentCode.parse(zeros.replace("-", ""))).contains(code);
    assertThat(EnrolmentCode.parse(" " + zeros.replace('0', 'o') + " ")).contains(code);
    EnrolmentCode other = EnrolmentCode.random(random);
    assertThat(EnrolmentCode.parse(other.reveal().toLowerCase(Locale.ROOT))).contains(other);
  }

  @Test
  void hasOneSpellingOfItsLastDigit() {
    assertThat(EnrolmentCode.parse("00000-00000-00000-00000-000001")).isEmpty();
    assertThat(EnrolmentCode.parse("00000-00000-00000-00000-000004")).isPresent();
  }

  @Test
  void showsNothingOfItselfInText() {
    EnrolmentCode code = EnrolmentCode.random(random);

    assertThat(code.toString()).isEqualTo("EnrolmentCode[redacted]");
  }

  private static SecureRandom fixed(byte[] bytes) {
    return new SecureRandom() {
      @Override
      public void nextBytes(byte[] target) {
        System.arraycopy(bytes, 0, target, 0, target.length);
      }
    };
  }
}
