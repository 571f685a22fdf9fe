package io.sallyport.user;

import java.util.List;
import java.util.Objects;

/**
 * Fetches a provider's documents once, for an operator who wants to know whether its tokens could
 * be checked. Changes nothing, and the keys found are not kept.
 */
public final class CheckProvider {

  private final ProviderDocuments documents;

  public CheckProvider(ProviderDocuments documents) {
    this.documents = Objects.requireNonNull(documents, "documents");
  }

  /**
   * How a provider is.
   *
   * @param jwksUri null if there are no keys
   * @param keyIds of its keys for signatures; "" for one without
   * @param fault null if there are keys; else a code of {@link ProviderFault}
   * @param detail null if there are keys
   */
  public record Health(String jwksUri, List<String> keyIds, String fault, String detail) {
    public Health {
      keyIds = List.copyOf(keyIds);
    }

    public boolean healthy() {
      return fault == null;
    }
  }

  /** Blocks for as long as the provider takes to answer, in bounds. */
  public Health check(ProviderSettings provider) {
    try {
      KeySet keys = documents.fetch(provider);
      return new Health(
          keys.jwksUri(),
          keys.keys().stream().map(key -> Objects.requireNonNullElse(key.getKeyId(), "")).toList(),
          null,
          null);
    } catch (ProviderFault e) {
      return new Health(null, List.of(), e.code(), e.getMessage());
    }
  }
}
