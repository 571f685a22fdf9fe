package io.sallyport.audit.sink;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Posts items to a URL, signed in the manner of the Standard Webhooks specification: {@code
 * webhook-signature: v1,base64(HMAC-SHA256(secret, id "." timestamp "." body))}. The id is the same
 * whenever the same items are sent again, so that a receiver can tell. Redirects are not followed.
 */
final class WebhookDelivery implements Delivery {

  private final Sink sink;
  private final URI url;
  private final byte[] secret;
  private final BoundedHttp http;
  private final Clock clock;

  WebhookDelivery(Sink sink, URI url, byte[] secret, BoundedHttp http, Clock clock) {
    this.sink = sink;
    this.url = url;
    this.secret = secret.clone();
    this.http = http;
    this.clock = clock;
  }

  @Override
  public void deliver(List<SinkItem> items)
      throws IOException, ItemsRefusedException, InterruptedException {
    String body =
        items.stream()
            .map(SinkItem::body)
            .collect(
                Collectors.joining(
                    ",", "{\"content\":\"" + sink.content().wire() + "\",\"items\":[", "]}"));
    String id = sink.id() + "-" + items.getFirst().position() + "-" + items.getLast().position();
    String timestamp = Long.toString(clock.instant().getEpochSecond());
    Destination.resolved(url.getHost());
    var answer =
        http.post(
            HttpRequest.newBuilder(url)
                .header("Content-Type", "application/json")
                .header("webhook-id", id)
                .header("webhook-timestamp", timestamp)
                .header("webhook-signature", "v1," + signature(id, timestamp, body))
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    switch (answer.status()) {
      case 400, 413, 415, 422 ->
          throw new ItemsRefusedException("the receiver answered " + answer.status());
      default -> {
        if (answer.status() / 100 != 2) {
          // Also 401, 403 and 404: the receiver is at fault or set up wrongly, not the record.
          throw new IOException("the receiver answered " + answer.status());
        }
      }
    }
  }

  private String signature(String id, String timestamp, String body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      return Base64.getEncoder()
          .encodeToString(
              mac.doFinal((id + "." + timestamp + "." + body).getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
