package io.sallyport.trust;

import java.util.List;
import java.util.UUID;

/**
 * What {@link CaCertificates#syncFileAnchors} changed.
 *
 * @param trusted anchors that are new or trusted again
 * @param removed anchors that are no longer listed
 * @param refused thumbprints that are listed and stay barred or under their other source
 */
public record AnchorSync(List<UUID> trusted, List<UUID> removed, List<String> refused) {

  public AnchorSync {
    trusted = List.copyOf(trusted);
    removed = List.copyOf(removed);
    refused = List.copyOf(refused);
  }
}
