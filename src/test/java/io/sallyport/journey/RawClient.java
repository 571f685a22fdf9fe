package io.sallyport.journey;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;

/** A client that speaks TCP but not, or not properly, TLS. */
final class RawClient implements AutoCloseable {

  private final Socket socket;

  private RawClient(Socket socket) {
    this.socket = socket;
  }

  static RawClient connect(House house) throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress("127.0.0.1", house.doorPort()), 15_000);
    socket.setSoTimeout(15_000);
    return new RawClient(socket);
  }

  int port() {
    return socket.getLocalPort();
  }

  RawClient send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  /** Says that nothing more will come. */
  RawClient end() throws IOException {
    socket.shutdownOutput();
    return this;
  }

  /** All that the door says until it closes. */
  byte[] readToEnd() throws IOException {
    try {
      return socket.getInputStream().readAllBytes();
    } catch (java.net.SocketException reset) {
      return new byte[0];
    }
  }

  /** Waits for the first byte of the door's flight. */
  void awaitFlight() throws IOException {
    if (socket.getInputStream().read() < 0) {
      throw new IOException("closed without a flight");
    }
  }

  /** Leaves by a reset instead of a proper end. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  /** A good ClientHello in its record. */
  static byte[] clientHello(House house) throws IOException {
    SSLEngine engine = Tls.anonymous(house.root()).createSSLEngine("localhost", 443);
    engine.setUseClientMode(true);
    ByteBuffer out = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.beginHandshake();
    engine.wrap(ByteBuffer.allocate(0), out);
    byte[] hello = new byte[out.flip().remaining()];
    out.get(hello);
    return hello;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
