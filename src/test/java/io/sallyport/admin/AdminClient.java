package io.sallyport.admin;

import io.quarkus.elytron.security.common.BcryptUtil;
import io.restassured.RestAssured;
import io.restassured.builder.RequestSpecBuilder;
import io.restassured.http.ContentType;
import io.restassured.specification.RequestSpecification;
import io.sallyport.SallyportResource;
import io.sallyport.TestDatabase;
import io.sallyport.admin.signin.Role;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.sql.SQLException;
import java.time.Clock;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Talks to the admin side of the running application as one operator or another. */
public final class AdminClient {

  public static final String PASSWORD = "a password for tests";

  // Cheap on purpose: what these tests are about is not the hashing.
  private static final String HASH = BcryptUtil.bcryptHash(PASSWORD, 4);
  private static final Map<Role, String> NAMES = new EnumMap<>(Role.class);

  private final URL url;

  /**
   * @param url of the application's TLS port
   */
  public AdminClient(URL url) {
    this.url = url;
  }

  public RequestSpecification admin() {
    return basic("admin", SallyportResource.OPERATOR_PASSWORD);
  }

  public RequestSpecification as(Role role) {
    return basic(nameOf(role), PASSWORD);
  }

  public RequestSpecification basic(String name, String password) {
    return anonymous().auth().preemptive().basic(name, password);
  }

  public RequestSpecification bearer(String token) {
    return anonymous().header("Authorization", "Bearer " + token);
  }

  public RequestSpecification anonymous() {
    return RestAssured.given(
            new RequestSpecBuilder()
                .setBaseUri("https://" + url.getHost())
                .setPort(url.getPort())
                .setRelaxedHTTPSValidation()
                .build())
        .contentType(ContentType.JSON);
  }

  /** What {@link #admin} sends, for other clients. */
  public static String adminHeader() {
    String pair = "admin:" + SallyportResource.OPERATOR_PASSWORD;
    return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
  }

  /** Believes the running application's own authority. */
  public static SSLContext trusting() throws GeneralSecurityException, IOException {
    KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
    anchors.load(null, null);
    try (var root = Files.newInputStream(SallyportResource.data().resolve("ca/root.crt"))) {
      anchors.setCertificateEntry(
          "root", CertificateFactory.getInstance("X.509").generateCertificate(root));
    }
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(anchors);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static synchronized String nameOf(Role role) {
    return NAMES.computeIfAbsent(role, AdminClient::makeOperator);
  }

  /** A new operator of this role, whose password is {@link #PASSWORD}. */
  public static String makeOperator(Role role) {
    UUID id = new io.sallyport.identity.Uuids(Clock.systemUTC(), new SecureRandom()).next();
    String name = role.wire() + "-" + id.toString().substring(24);
    sql(
        "insert into operator (id, name, password_hash, role, created_at, password_changed_at)"
            + " values ('%s', '%s', '%s', '%s', now(), now())"
                .formatted(id, name, HASH, role.wire()));
    return name;
  }

  /** Runs a statement as the owner of the schema. */
  public static void sql(String statement) {
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var sql = connection.createStatement()) {
      sql.execute(statement);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The one value that a query gives, as text. */
  public static String value(String query) {
    try (var connection = TestDatabase.ownerDataSource().getConnection();
        var sql = connection.createStatement();
        var rows = sql.executeQuery(query)) {
      return rows.next() ? rows.getString(1) : null;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
