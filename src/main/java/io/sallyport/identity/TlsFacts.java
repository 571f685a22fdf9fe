package io.sallyport.identity;

/**
 * What a connection negotiated, for the record. Members are null where the engine does not tell.
 *
 * @param version as the engine names it, such as {@code TLSv1.3}
 * @param cipher the cipher suite
 * @param group the key exchange's group
 * @param alpn the application protocol
 */
public record TlsFacts(String version, String cipher, String group, String alpn) {}
