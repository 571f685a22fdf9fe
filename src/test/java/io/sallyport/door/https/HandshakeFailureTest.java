package io.sallyport.door.https;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.sallyport.admission.RefusalReason;
import java.net.SocketException;
import java.nio.channels.ClosedChannelException;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The engines' words; {@link TlsEngineTest} makes the engines say most of them. */
class HandshakeFailureTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "(certificate_required) Empty client certificate chain | NO_CERTIFICATE",
        "error:100000c0:SSL routines:OPENSSL_internal:PEER_DID_NOT_RETURN_A_CERTIFICATE | NO_CERTIFICATE",
        "(decrypt_error) Invalid CertificateVerify signature | PROOF_FAILED",
        "error:0f000064:ECDSA routines:OPENSSL_internal:BAD_SIGNATURE | PROOF_FAILED",
        "error:10000066:SSL routines:OPENSSL_internal:BAD_SIGNATURE | PROOF_FAILED",
        "error:100000f5:SSL routines:OPENSSL_internal:WRONG_SIGNATURE_TYPE | PROOF_FAILED",
        "error:100000f0:SSL routines:OPENSSL_internal:UNSUPPORTED_PROTOCOL | PROTOCOL_MISMATCH",
        "error:1000010a:SSL routines:OPENSSL_internal:NO_SHARED_GROUP | PROTOCOL_MISMATCH",
        "error:100000b8:SSL routines:OPENSSL_internal:NO_SHARED_CIPHER | PROTOCOL_MISMATCH",
        "error:10000132:SSL routines:OPENSSL_internal:WRONG_CURVE | PROTOCOL_MISMATCH",
        "no cipher suites in common | PROTOCOL_MISMATCH",
        "(protocol_version) Client requested protocol TLSv1.2 is not enabled | PROTOCOL_MISMATCH",
        "error:10000089:SSL routines:OPENSSL_internal:DECODE_ERROR | PROTOCOL_MISMATCH",
        "(decode_error) Illegal handshake message: client_hello | PROTOCOL_MISMATCH",
        "error:1000007e:SSL routines:OPENSSL_internal:CLIENTHELLO_PARSE_FAILED | PROTOCOL_MISMATCH",
        "error:100000fe:SSL routines:OPENSSL_internal:CANNOT_PARSE_LEAF_CERT | MALFORMED_CERTIFICATE",
        "error:100000ee:SSL routines:OPENSSL_internal:UNKNOWN_CERTIFICATE_TYPE | MALFORMED_CERTIFICATE",
        "(bad_certificate) Failed to parse server certificates | MALFORMED_CERTIFICATE",
        "error:1000009c:SSL routines:OPENSSL_internal:HTTP_REQUEST | NOT_TLS",
        "error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER | NOT_TLS",
        "Received fatal alert: unknown_ca | PEER_CLOSED",
        "Received fatal alert: certificate_required | PEER_CLOSED",
        "error:10000418:SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA | PEER_CLOSED",
        "error:10000412:SSL routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE | PEER_CLOSED",
        "Connection reset by peer | PEER_CLOSED"
      })
  void readsTheEnginesWords(String words, RefusalReason reason) {
    assertThat(HandshakeFailure.reason(new SSLHandshakeException(words))).isEqualTo(reason);
    assertThat(HandshakeFailure.reason(new DecoderException(new SSLException(words))))
        .as("however deep")
        .isEqualTo(reason);
  }

  static Stream<Arguments> kinds() {
    return Stream.of(
        Arguments.of(new NotSslRecordException("not an SSL/TLS record"), RefusalReason.NOT_TLS),
        Arguments.of(new SslHandshakeTimeoutException("late"), RefusalReason.HANDSHAKE_TIMEOUT),
        Arguments.of(new ClosedChannelException(), RefusalReason.PEER_CLOSED),
        Arguments.of(
            new SSLHandshakeException("General OpenSslEngine problem")
                .initCause(new HandshakeFailure.PeerGoneException()),
            RefusalReason.PEER_CLOSED),
        Arguments.of(new SocketException("Connection reset"), RefusalReason.PEER_CLOSED),
        Arguments.of(
            new SSLProtocolException("what nobody has seen"), RefusalReason.PROTOCOL_MISMATCH));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void readsTheKindOfFailure(Throwable failure, RefusalReason reason) {
    assertThat(HandshakeFailure.reason(failure)).isEqualTo(reason);
  }

  @Test
  void takesNothingForPeerClosed() {
    assertThat(HandshakeFailure.reason(null)).isEqualTo(RefusalReason.PEER_CLOSED);
    assertThat(HandshakeFailure.reason(new IllegalStateException("ours")))
        .isEqualTo(RefusalReason.PEER_CLOSED);
  }
}
