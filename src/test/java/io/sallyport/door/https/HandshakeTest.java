package io.sallyport.door.https;

import static org.assertj.core.api.Assertions.assertThat;

import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.TlsFacts;
import io.sallyport.trust.PresentedChain;
import io.sallyport.trust.TestAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Each connection is recorded once, in whatever order its ends become known. */
class HandshakeTest {

  private static final TlsFacts TLS = new TlsFacts("TLSv1.3", null, null, null);

  private final Handshake handshake =
      new Handshake(new UUID(0, 1), new SourceAddress(InetAddress.getLoopbackAddress(), 4711), 0);

  @Test
  void recordsAnUnusedConnectionOnceItIsClosed() {
    handshake.proven(TLS);
    assertThat(handshake.takeUnused()).isFalse();
    handshake.closed();
    assertThat(handshake.takeFailure()).isFalse();
    assertThat(handshake.takeUnused()).isTrue();
    assertThat(handshake.takeUnused()).isFalse();
  }

  @Test
  void recordsAConnectionWhoseProofIsFoundAfterItsEnd() {
    handshake.closed();
    assertThat(handshake.takeUnused()).isFalse();
    handshake.proven(TLS);
    assertThat(handshake.takeUnused()).isTrue();
  }

  @Test
  void leavesTheRecordToTheDecision() {
    handshake.proven(TLS);
    handshake.used();
    handshake.decided();
    handshake.closed();
    assertThat(handshake.takeUnused()).isFalse();
  }

  @Test
  void recordsRequestsThatCameToNoDecision() {
    handshake.proven(TLS);
    handshake.used();
    handshake.closed();
    assertThat(handshake.takeUnused()).isTrue();
  }

  @Test
  void waitsWithAFailureForTheVerdictThatIsStillSought() {
    handshake.judging(new PresentedChain(List.of(TestAuthority.root("Any").certificate())));
    handshake.failed(new IOException("gone"));
    handshake.closed();
    assertThat(handshake.takeFailure()).isFalse();
    handshake.judged(null, TLS);
    assertThat(handshake.takeFailure()).isTrue();
    assertThat(handshake.takeFailure()).isFalse();
    assertThat(handshake.takeUnused()).isFalse();
  }
}
