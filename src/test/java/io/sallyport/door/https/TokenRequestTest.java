package io.sallyport.door.https;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sallyport.door.https.TokenRequest.Malformed;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.SubjectToken;
import io.vertx.core.buffer.Buffer;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenRequestTest {

  private static final String EXCHANGE =
      "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=ey.J.x"
          + "&subject_token_type=urn:ietf:params:oauth:token-type:id_token";

  private static final String FORM = "application/x-www-form-urlencoded";
  private static final DeviceId DEVICE = DeviceId.parse("01890a5d-ac96-774b-bcce-b302099a8057");

  private static TokenRequest parse(String body) throws Malformed {
    return TokenRequest.parse(FORM, Buffer.buffer(body));
  }

  private static Malformed refusal(String body) {
    return refusal(FORM, Buffer.buffer(body));
  }

  private static Malformed refusal(String contentType, Buffer body) {
    return catchThrowableOfType(Malformed.class, () -> TokenRequest.parse(contentType, body));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "grant_type=client_credentials",
        "grant%5Ftype=client%5Fcredentials",
        "&&grant_type=client_credentials&",
        "grant_type=client_credentials&scope=a&resource=x&resource=y",
        "grant_type=client_credentials&client_id=",
        "grant_type=client_credentials&client_id"
      })
  void readsARequestThatNamesNoDevice(String body) throws Malformed {
    assertThat(parse(body).clientId()).isEmpty();
  }

  @Test
  void readsTheDevice() throws Malformed {
    assertThat(parse("client_id=" + DEVICE + "&grant_type=client_credentials").clientId())
        .isEqualTo(Optional.of(DEVICE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "grant_type",
        "grant_type=",
        "Grant_Type=client_credentials",
        "grant_type=client_credentials&grant_type=client_credentials",
        "grant_type=client_credentials&grant_type=",
        "grant_type=client_credentials&grant%5ftype=x",
        "grant_type=client_credentials&client_id=1-1-1-1-1",
        "grant_type=client_credentials&client_id=x&client_id=y",
        "grant_type=client_credentials&scope=%",
        "grant_type=client_credentials&scope=%zz"
      })
  void refusesWhatIsNoRequest(String body) {
    Malformed refusal = refusal(body);
    assertThat(refusal.oauthError()).isEqualTo("invalid_request");
    assertThat(refusal.problem().status()).isEqualTo(400);
    assertThat(refusal.problem().errors()).hasSize(1);
  }

  /** Only '&' separates: another reader of the same bytes must see the same request. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "grant_type=client_credentials;client_id=x",
        "grant_type=client_credentials#&client_id=x",
        "grant_type=password",
        "grant_type=client_credentials%00"
      })
  void refusesOtherGrantTypes(String body) {
    assertThat(refusal(body).oauthError()).isEqualTo("unsupported_grant_type");
  }

  @Test
  void readsAnExchangeOfAPersonsToken() throws Malformed {
    TokenRequest request = parse(EXCHANGE + "&audience=corp&resource=https://a.example&scope=x");

    assertThat(request.subjectToken()).contains(new SubjectToken(SubjectToken.ID_TOKEN, "ey.J.x"));
    assertThat(request.audiences()).containsExactly("https://a.example", "corp");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        EXCHANGE + "&actor_token=x&actor_token_type=y",
        EXCHANGE + "&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token",
        EXCHANGE + "&subject_token=other",
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange",
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=x",
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=x"
            + "&subject_token_type=urn:ietf:params:oauth:token-type:saml2"
      })
  void refusesAnExchangeThatIsNotWhole(String body) {
    Malformed refusal = refusal(body);
    assertThat(refusal.oauthError()).isEqualTo("invalid_request");
    assertThat(refusal.problem().errors()).hasSize(1);
  }

  @Test
  void refusesATokenThatIsTooLongUnread() {
    assertThat(refusal(EXCHANGE.replace("ey.J.x", "x".repeat(SubjectToken.LONGEST + 1))))
        .hasMessageContaining("longer");
  }

  @Test
  void looksAtEveryParameterOrAtNone() {
    String many = "x=1&".repeat(32);
    assertThat(refusal("grant_type=client_credentials&" + many + "client_id=x").oauthError())
        .isEqualTo("invalid_request");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"application/json", "", "text/plain", "x application/x-www-form-urlencoded"})
  void refusesOtherMediaTypes(String contentType) {
    Buffer body = Buffer.buffer("grant_type=client_credentials");
    assertThat(refusal(contentType, body).problem().status()).isEqualTo(415);
    assertThat(refusal(null, body).problem().status()).isEqualTo(415);
  }

  @Test
  void readsTheMediaTypeInAnyCaseAndWithParameters() throws Malformed {
    Buffer body = Buffer.buffer("grant_type=client_credentials");
    assertThat(TokenRequest.parse("Application/X-WWW-Form-URLEncoded ; charset=UTF-8", body))
        .isNotNull();
  }

  /** Whatever comes is read or refused, and what is read was asked for in so many words. */
  @Test
  void breaksOnNothing() {
    Random random = new Random(42);
    String[] pieces = {
      "grant_type",
      "client_id",
      "=",
      "&",
      ";",
      "#",
      "%",
      "%00",
      "%zz",
      "%c3%28",
      "+",
      " ",
      "client_credentials",
      DEVICE.toString(),
      "é",
      "\0",
      "\r\n",
      "password"
    };
    int read = 0;
    for (int round = 0; round < 50_000; round++) {
      Buffer body = Buffer.buffer();
      int length = random.nextInt(12);
      for (int i = 0; i < length; i++) {
        if (random.nextInt(20) == 0) {
          body.appendByte((byte) random.nextInt(256));
        } else {
          body.appendString(pieces[random.nextInt(pieces.length)]);
        }
      }
      try {
        TokenRequest request = TokenRequest.parse(FORM, body);
        read++;
        assertThat(body.toString()).contains("grant_type=client_credentials");
        request.clientId().ifPresent(device -> assertThat(device).isEqualTo(DEVICE));
      } catch (Malformed e) {
        assertThat(e.problem().status()).isEqualTo(400);
        assertThat(e.oauthError()).isIn("invalid_request", "unsupported_grant_type");
      }
    }
    assertThat(read).as("some of it must be good, or this shows nothing").isPositive();
  }

  @Test
  void readsEachAudienceOnceInTheOrderGiven() throws Malformed {
    assertThat(
            parse(
                    "grant_type=client_credentials&resource=https%3A%2F%2Fwiki.example.com%2Fa%3Fb"
                        + "&resource=office&resource=&resource=urn:example:mail&resource=office")
                .audiences())
        .containsExactly("https://wiki.example.com/a?b", "office", "urn:example:mail");
    assertThat(parse("grant_type=client_credentials").audiences()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https%3A%2F%2Fwiki.example.com%2F%23part",
        "https%3A%2F%2Fwiki.example.com%2F%23",
        "%2Fpath",
        "wiki.example.com",
        "Office",
        "https%3A%2F%2Fw%C3%AFki.example.com",
        "https%3A%2F%2Fwiki.example.com%2Fa%20b",
        "https%3A%2F%2Fwiki.example.com%2F%00",
        "%20"
      })
  void knowsNoSuchAudience(String resource) {
    Malformed refusal = refusal("grant_type=client_credentials&resource=" + resource);
    assertThat(refusal.oauthError()).isEqualTo("invalid_target");
    assertThat(refusal.problem().errors().getFirst().field()).isEqualTo("resource");
  }

  @Test
  void boundsTheAudiences() {
    assertThat(
            refusal("grant_type=client_credentials&resource=urn:" + "a".repeat(600)).oauthError())
        .isEqualTo("invalid_target");
    StringBuilder many = new StringBuilder("grant_type=client_credentials");
    for (int i = 0; i < 9; i++) {
      many.append("&resource=s").append(i);
    }
    assertThat(refusal(many.toString()).oauthError()).isEqualTo("invalid_target");
  }
}
