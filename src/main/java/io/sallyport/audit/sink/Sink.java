package io.sallyport.audit.sink;

import io.sallyport.audit.log.CosignerKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;

/**
 * A receiver of the log, as it was ordered.
 *
 * @param target a URL (webhook, witness), {@code host:port} (syslog) or a file's name
 * @param ca PEM of the authorities that may vouch for the receiver; null for those of the platform
 * @param sealedSecret the webhook's key, sealed; null for other kinds
 * @param key the witness's verifier key; null for other kinds
 */
public record Sink(
    UUID id,
    String name,
    SinkKind kind,
    SinkContent content,
    SinkFormat format,
    String target,
    String ca,
    byte[] sealedSecret,
    CosignerKey key,
    boolean paused,
    long version,
    Instant createdAt) {

  public Sink {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(target, "target");
    if (kind == SinkKind.WITNESS && (content != SinkContent.CHECKPOINTS || key == null)) {
      throw new IllegalArgumentException("a witness has a key and gets checkpoints");
    }
    sealedSecret = sealedSecret == null ? null : sealedSecret.clone();
  }

  @Override
  public byte[] sealedSecret() {
    return sealedSecret == null ? null : sealedSecret.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Sink sink
        && id.equals(sink.id)
        && version == sink.version
        && Arrays.equals(sealedSecret, sink.sealedSecret);
  }

  @Override
  public int hashCode() {
    return Objects.hash(id, version);
  }

  @Override
  public String toString() {
    return "Sink[" + name + ", " + kind.wire() + ", " + id + "]";
  }
}
