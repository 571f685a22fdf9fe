package io.sallyport.admin.api;

import io.quarkus.test.common.http.TestHTTPResource;
import io.restassured.response.ValidatableResponse;
import io.sallyport.admin.AdminClient;
import io.sallyport.trust.CaCertificates;
import io.sallyport.trust.CaSource;
import io.sallyport.trust.TestAuthority;
import io.sallyport.trust.TrustStore;
import jakarta.inject.Inject;
import java.math.BigInteger;
import java.net.URL;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;

/**
 * What tests of the admin side's resources share: an operator, a trusted CA, short ways to things.
 */
abstract class AdminApi {

  static TestAuthority authority;

  @TestHTTPResource(value = "/", tls = true)
  URL url;

  @Inject CaCertificates caCertificates;
  @Inject TrustStore trust;

  AdminClient client;

  @BeforeEach
  void trustAnAuthorityOfOurOwn() {
    client = new AdminClient(url);
    if (authority == null) {
      authority =
          TestAuthority.root(
              "Admin API " + UUID.randomUUID(),
              ca -> ca.validity(daysFromNow(-2), daysFromNow(3650)));
      caCertificates.addAnchor(authority.certificate(), CaSource.FILE);
      trust.reload();
    }
  }

  static Instant daysFromNow(int days) {
    return Instant.now().plus(Duration.ofDays(days));
  }

  static TestAuthority.Issued leaf(String name) {
    return authority.leaf(
        name, leaf -> leaf.validity(daysFromNow(-1), daysFromNow(30)).serial(serial()));
  }

  static long serial() {
    return new BigInteger(62, new SecureRandom()).longValueExact();
  }

  ValidatableResponse post(String path, Object body) {
    return client.admin().body(body).post("/api/v1" + path).then();
  }

  String device(String name) {
    return post(
            "/devices",
            Map.of("name", name, "kind", "laptop", "segments", List.of("office", "lab")))
        .statusCode(201)
        .extract()
        .path("id");
  }

  String attach(String device, String pem) {
    return post("/devices/" + device + "/certificates", Map.of("pem", pem))
        .statusCode(201)
        .extract()
        .path("thumbprint");
  }

  String grant(String device, String thumbprint) {
    String id = UUID.randomUUID().toString();
    AdminClient.sql(
        """
        insert into session_grant (id, decision_id, device_id, thumbprint, device_epoch, certificate_epoch, segments,
                                   issued_at, expires_at)
        select '%s', '%s', d.id, c.thumbprint, d.epoch, c.epoch, d.segments, now(), now() + interval '10 minutes'
        from device d join certificate c on c.device_id = d.id
        where d.id = '%s' and c.thumbprint = '\\x%s'
        """
            .formatted(id, UUID.randomUUID(), device, thumbprint));
    return id;
  }

  static boolean live(String grant) {
    return "t"
        .equals(
            AdminClient.value(
                """
                select g.ended_at is null and g.device_epoch = d.epoch and g.certificate_epoch = c.epoch
                from session_grant g join device d on d.id = g.device_id
                join certificate c on c.thumbprint = g.thumbprint
                where g.id = '%s'
                """
                    .formatted(grant)));
  }
}
