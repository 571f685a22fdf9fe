package io.sallyport.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sallyport.TestDatabase;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseRolesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "update audit_record set outcome = 'admitted'",
        "delete from audit_record",
        "truncate audit_record",
        "drop table audit_record",
        "alter table audit_record disable trigger all",
        "create table mine (id int)",
        "delete from revocation",
        "update revocation set reason = 'unspecified'",
        "delete from certificate",
        "set role sallyport_owner"
      })
  void theServiceMayNotRewriteItsLogNorUndoARevocation(String statement) throws SQLException {
    try (var connection = TestDatabase.appDataSource().getConnection();
        var sql = connection.createStatement()) {
      assertThatThrownBy(() -> sql.execute(statement))
          .isInstanceOf(SQLException.class)
          .extracting(e -> ((SQLException) e).getSQLState())
          .isEqualTo("42501");
    }
  }

  @Test
  void theServiceMayReadItsLog() throws SQLException {
    try (var connection = TestDatabase.appDataSource().getConnection();
        var sql = connection.createStatement();
        var rows = sql.executeQuery("select count(*) from audit_record")) {
      assertThat(rows.next()).isTrue();
    }
  }
}
