package io.sallyport.user;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jose4j.jwk.JsonWebKey.OutputControlLevel;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.lang.JoseException;

/** An identity provider of the test's: a discovery document, a key set, and tokens. */
final class Provider implements AutoCloseable {

  static final String CLIENT = "bank-app";

  // Made once: making it is most of a test's time.
  private static final PublicJsonWebKey FIRST;

  static {
    try {
      FIRST = key("first");
    } catch (JoseException e) {
      throw new IllegalStateException(e);
    }
  }

  private final HttpServer server;
  private final Map<String, String> pages = new ConcurrentHashMap<>();
  private final Map<String, String> redirections = new ConcurrentHashMap<>();
  private final AtomicInteger keySetsServed = new AtomicInteger();
  private final List<PublicJsonWebKey> keys = new ArrayList<>();
  private volatile boolean away;

  Provider() throws IOException, JoseException {
    server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", this::serve);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    page(
        "/.well-known/openid-configuration",
        "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}".formatted(issuer(), issuer()));
    rotate(FIRST);
  }

  static PublicJsonWebKey key(String kid) throws JoseException {
    PublicJsonWebKey key = RsaJwkGenerator.generateJwk(2048);
    key.setKeyId(kid);
    return key;
  }

  String issuer() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  void page(String path, String text) {
    pages.put(path, text);
  }

  void redirect(String path, String to) {
    redirections.put(path, to);
  }

  void away(boolean isAway) {
    away = isAway;
  }

  /** How often its keys were asked for. */
  int keySetsServed() {
    return keySetsServed.get();
  }

  PublicJsonWebKey key() {
    return keys.getFirst();
  }

  /** From now on this key signs, and the older ones are gone. */
  void rotate(PublicJsonWebKey key) {
    keys.clear();
    add(key);
  }

  void add(PublicJsonWebKey key) {
    keys.add(key);
    page("/keys", new JsonWebKeySet(keys).toJson(OutputControlLevel.PUBLIC_ONLY));
  }

  /** What an ID token of Ada's says. */
  JwtClaims ada(Instant now) {
    JwtClaims claims = new JwtClaims();
    claims.setIssuer(issuer());
    claims.setSubject("ada-1815");
    claims.setAudience(CLIENT);
    claims.setIssuedAt(NumericDate.fromSeconds(now.getEpochSecond()));
    claims.setExpirationTime(NumericDate.fromSeconds(now.getEpochSecond() + 300));
    claims.setClaim("auth_time", now.getEpochSecond() - 60);
    claims.setClaim("name", "Ada Lovelace");
    claims.setClaim("email", "ada@example.com");
    claims.setClaim("groups", List.of("finance", "engine"));
    return claims;
  }

  String sign(JwtClaims claims) throws JoseException {
    return signature(key(), "RS256", claims).getCompactSerialization();
  }

  static JsonWebSignature signature(PublicJsonWebKey key, String algorithm, JwtClaims claims) {
    JsonWebSignature signature = new JsonWebSignature();
    signature.setPayload(claims.toJson());
    signature.setKey(key.getPrivateKey());
    signature.setKeyIdHeaderValue(key.getKeyId());
    signature.setAlgorithmHeaderValue(algorithm);
    return signature;
  }

  private void serve(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (path.equals("/keys")) {
      keySetsServed.incrementAndGet();
    }
    String page = pages.get(path);
    if (redirections.containsKey(path)) {
      exchange.getResponseHeaders().set("Location", redirections.get(path));
      exchange.sendResponseHeaders(302, -1);
    } else if (away || page == null) {
      exchange.sendResponseHeaders(away ? 503 : 404, -1);
    } else {
      byte[] body = page.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
