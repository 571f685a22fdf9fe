package io.sallyport.admission;

import io.sallyport.identity.SourceAddress;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What a proxy asks about one request of a device.
 *
 * @param source the device's address as the proxy saw it, else the proxy's own
 * @param token the grant's token; empty if the device sent none
 * @param audiences what the request is for, by the proxy's word; more than one is a contradiction,
 *     none lets a proxy of a single audience mean that one
 * @param method of the device's request; empty if the proxy doesn't say
 * @param methods that the proxy wants let through; none: all
 */
public record EnforcementRequest(
    EnforcingProxy proxy,
    SourceAddress source,
    Optional<String> token,
    SeenCertificate certificate,
    List<String> audiences,
    String method,
    Set<String> methods) {

  public EnforcementRequest {
    Objects.requireNonNull(proxy, "proxy");
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(token, "token");
    Objects.requireNonNull(certificate, "certificate");
    audiences = List.copyOf(audiences);
    Objects.requireNonNull(method, "method");
    methods = Set.copyOf(methods);
  }

  /** Without the token, which is a secret. */
  @Override
  public String toString() {
    return "EnforcementRequest[proxy=" + proxy.id() + ", method=" + method + "]";
  }
}
