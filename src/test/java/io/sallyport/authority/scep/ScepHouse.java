package io.sallyport.authority.scep;

import io.sallyport.admin.AdminClient;
import java.net.URI;
import java.net.URL;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Map;
import java.util.UUID;

/** The running application with SCEP open: its operator and its plain port. */
final class ScepHouse {

  private final AdminClient admin;
  private final URI base;
  private final HttpClient http = HttpClient.newHttpClient();

  ScepHouse(URL plain, URL tls) {
    this.admin = new AdminClient(tls);
    this.base = URI.create("http://127.0.0.1:" + plain.getPort() + "/scep");
    // All these tests come from one address; what one of them failed at is not the next one's.
    AdminClient.sql("delete from failed_attempt where subject like 'source:%'");
  }

  String url() {
    return base.toString();
  }

  UUID device(String name) {
    return UUID.fromString(
        admin
            .admin()
            .body(Map.of("name", name, "kind", "laptop"))
            .post("/api/v1/devices")
            .then()
            .statusCode(201)
            .extract()
            .<String>path("id"));
  }

  String challenge(UUID device) {
    return admin
        .admin()
        .body(Map.of("deviceId", device.toString()))
        .post("/api/v1/enrolments")
        .then()
        .statusCode(201)
        .extract()
        .path("code");
  }

  void move(UUID device, String state) {
    admin
        .admin()
        .body(Map.of("state", state))
        .put("/api/v1/devices/" + device + "/state")
        .then()
        .statusCode(200);
  }

  void revoke(X509Certificate certificate, String reason) throws Exception {
    String thumbprint =
        java.util.HexFormat.of()
            .formatHex(
                java.security.MessageDigest.getInstance("SHA-256")
                    .digest(certificate.getEncoded()));
    admin
        .admin()
        .body(Map.of("thumbprint", thumbprint, "reason", reason))
        .post("/api/v1/revocations")
        .then()
        .statusCode(201);
  }

  HttpResponse<byte[]> get(String query) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(base + "?" + query)).build(), BodyHandlers.ofByteArray());
  }

  X509Certificate ra() throws Exception {
    return ScepClient.certificates(get("operation=GetCACert").body()).getFirst();
  }

  HttpResponse<byte[]> post(byte[] message) throws Exception {
    return http.send(
        HttpRequest.newBuilder(URI.create(base + "?operation=PKIOperation"))
            .header("Content-Type", "application/x-pki-message")
            .POST(BodyPublishers.ofByteArray(message))
            .build(),
        BodyHandlers.ofByteArray());
  }

  HttpResponse<byte[]> getMessage(byte[] message) throws Exception {
    return get(
        "operation=PKIOperation&message="
            + URLEncoder.encode(
                Base64.getEncoder().encodeToString(message), StandardCharsets.US_ASCII));
  }

  static long issuances(UUID device) {
    return Long.parseLong(
        AdminClient.value("select count(*) from issuance where device_id = '" + device + "'"));
  }

  static long changes(UUID device, String action) {
    return Long.parseLong(
        AdminClient.value(
            """
            select count(*) from audit_record where device_id = '%s' and kind = 'change'
              and convert_from(canonical, 'UTF8')::jsonb ->> 'action' = '%s'
              and convert_from(canonical, 'UTF8')::jsonb -> 'after' ->> 'protocol' = 'scep'
            """
                .formatted(device, action)));
  }
}
