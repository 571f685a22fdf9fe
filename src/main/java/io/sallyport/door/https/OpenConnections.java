package io.sallyport.door.https;

import io.netty.channel.Channel;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.net.impl.ConnectionBase;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The proven connections and what is under way on them, so that the door can be closed without
 * cutting off an answer.
 *
 * <p>Apart from {@link #drain}, everything is called on the event loop of its connection.
 */
final class OpenConnections {

  private final Map<HttpConnection, Talk> open = new ConcurrentHashMap<>();
  private final Set<Channel> listeners = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Void> drained = new CompletableFuture<>();

  private volatile Duration draining;

  /** One connection; its fields belong to its event loop. */
  private static final class Talk {
    private final Context context;
    private boolean http2;
    private int requests;

    private Talk(Context context) {
      this.context = context;
    }
  }

  /** A connection can ask from now on. */
  void opened(HttpConnection connection) {
    // Vert.x can only close a listener together with its connections.
    listeners.add(((ConnectionBase) connection).channel().parent());
    open.put(connection, new Talk(Vertx.currentContext()));
    connection.closeHandler(
        closed -> {
          open.remove(connection);
          completeIfDrained();
        });
  }

  /** A request begins. */
  void began(HttpServerRequest request) {
    Talk talk = open.get(request.connection());
    if (talk != null) {
      talk.http2 = request.version() == HttpVersion.HTTP_2;
      talk.requests++;
    }
  }

  /** Its answer is on its way. */
  void answered(HttpServerRequest request) {
    Talk talk = open.get(request.connection());
    if (talk != null) {
      talk.requests--;
      if (isDraining()) {
        end(request.connection(), talk);
      }
    }
  }

  /** Whether a connection is to be closed after its present answers. */
  boolean isDraining() {
    return draining != null;
  }

  /**
   * Accepts nobody any more, closes what is idle, and has every other connection close after its
   * present answers: HTTP/1.1 by {@code Connection: close}, HTTP/2 by GOAWAY.
   *
   * @param atMost how long to wait for them
   * @return whether all of them are closed
   */
  boolean drain(Duration atMost) {
    draining = atMost;
    listeners.forEach(Channel::close);
    open.forEach((connection, talk) -> talk.context.runOnContext(now -> end(connection, talk)));
    completeIfDrained();
    try {
      drained.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (TimeoutException | ExecutionException e) {
      return false;
    }
  }

  private void end(HttpConnection connection, Talk talk) {
    if (talk.http2) {
      // Sends GOAWAY and closes once the streams have ended; a second call changes nothing.
      connection.shutdown(draining.toMillis(), TimeUnit.MILLISECONDS);
    } else if (talk.requests == 0) {
      connection.close();
    }
  }

  private void completeIfDrained() {
    if (isDraining() && open.isEmpty()) {
      drained.complete(null);
    }
  }
}
