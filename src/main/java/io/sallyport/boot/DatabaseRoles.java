package io.sallyport.boot;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * The roles and the database between them: {@code sallyport_owner} owns the schema and runs
 * migrations, {@code sallyport_app} is the service and owns nothing, {@code sallyport_retention}
 * reads the audit log and may have a month of it dropped or personal data erased. {@code
 * deploy/postgres/roles.sql} is the same for a database that is not ours.
 */
public final class DatabaseRoles {

  public static final String OWNER = "sallyport_owner";
  public static final String APP = "sallyport_app";
  public static final String RETENTION = "sallyport_retention";
  public static final String DATABASE = "sallyport";

  private DatabaseRoles() {}

  /**
   * Makes what is missing and sets both passwords; may be repeated.
   *
   * @param superuser a connection that may create roles and databases, in auto-commit mode
   * @param ownerPassword letters and digits only, as is {@code appPassword}
   */
  public static void ensure(
      Connection superuser, String database, String ownerPassword, String appPassword)
      throws SQLException {
    ensure(superuser, database, ownerPassword, appPassword, null);
  }

  /**
   * The same, and lets the retention's role sign in.
   *
   * @param retentionPassword letters and digits only; null leaves that role without one
   */
  public static void ensure(
      Connection superuser,
      String database,
      String ownerPassword,
      String appPassword,
      String retentionPassword)
      throws SQLException {
    try (var statement = superuser.createStatement()) {
      role(superuser, OWNER);
      role(superuser, APP);
      role(superuser, RETENTION);
      statement.execute("alter role %s password '%s'".formatted(OWNER, plain(ownerPassword)));
      statement.execute("alter role %s password '%s'".formatted(APP, plain(appPassword)));
      if (retentionPassword != null) {
        statement.execute(
            "alter role %s password '%s'".formatted(RETENTION, plain(retentionPassword)));
      }
      if (absent(superuser, "select 1 from pg_database where datname = ?", database)) {
        statement.execute("create database %s owner %s".formatted(plain(database), OWNER));
      }
      statement.execute("revoke all on database %s from public".formatted(plain(database)));
      statement.execute(
          "grant connect on database %s to %s, %s".formatted(plain(database), APP, RETENTION));
    }
  }

  private static void role(Connection superuser, String name) throws SQLException {
    if (absent(superuser, "select 1 from pg_roles where rolname = ?", name)) {
      try (var statement = superuser.createStatement()) {
        statement.execute(
            "create role %s login nosuperuser nocreatedb nocreaterole".formatted(name));
      }
    }
  }

  private static boolean absent(Connection connection, String query, String name)
      throws SQLException {
    try (var statement = connection.prepareStatement(query)) {
      statement.setString(1, name);
      try (var rows = statement.executeQuery()) {
        return !rows.next();
      }
    }
  }

  // DDL takes no parameters, so what goes into it may hold nothing that ends a literal.
  private static String plain(String text) {
    if (!text.matches("[A-Za-z0-9_]+")) {
      throw new IllegalArgumentException("only letters, digits and '_' may enter DDL");
    }
    return text;
  }
}
