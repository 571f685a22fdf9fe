package io.sallyport.boot;

import java.util.Map;

/**
 * Where the database is and how its roles sign in.
 *
 * @param url a JDBC URL
 */
record DatabaseAddress(
    String url,
    String appUser,
    String appPassword,
    String ownerUser,
    String ownerPassword,
    String retentionPassword) {

  /** The same as Quarkus' own settings: the service's pool as the app role, Flyway as the owner. */
  Map<String, String> asQuarkusSettings() {
    return Map.of(
        "quarkus.datasource.jdbc.url", url,
        "quarkus.datasource.username", appUser,
        "quarkus.datasource.password", appPassword,
        "quarkus.flyway.jdbc-url", url,
        "quarkus.flyway.username", ownerUser,
        "quarkus.flyway.password", ownerPassword,
        "sallyport.audit.retention.password", retentionPassword);
  }

  @Override
  public String toString() {
    return "DatabaseAddress[" + url + ", passwords redacted]";
  }
}
