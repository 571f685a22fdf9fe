package io.sallyport.trust;

import static io.sallyport.trust.TestAuthority.NOW;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sallyport.TestDatabase;
import io.sallyport.feed.ChangeLog;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import java.lang.reflect.Proxy;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.sql.SQLException;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CaCertificatesTest {

  private final DataSource dataSource = TestDatabase.appDataSource();
  private final Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
  private final CaCertificates table =
      new CaCertificates(
          dataSource,
          new ChangeLog(dataSource, clock),
          new Uuids(clock, new SecureRandom()),
          clock);
  private final TrustStore store = new TrustStore(dataSource);

  private final TestAuthority root = TestAuthority.root("Root");
  private final TestAuthority issuing = root.intermediate("Issuing");

  @BeforeEach
  void startWithoutFileAnchors() {
    table.syncFileAnchors(List.of(), MissingEvidence.REQUIRE);
  }

  @Test
  void anAnchorIsTrustedFromTheNextReloadOn() throws SQLException {
    UUID id = table.addAnchor(root.certificate(), CaSource.AUTHORITY);

    assertThat(store.current().anchors()).isEmpty();
    assertThat(store.reload()).isTrue();
    assertThat(store.current().anchors()).contains(root.certificate());
    assertThat(changesOf(id)).isEqualTo(1);
    assertThat(table.addAnchor(root.certificate(), CaSource.AUTHORITY)).isEqualTo(id);
    assertThat(changesOf(id)).isEqualTo(1);
  }

  @Test
  void anIntermediateIsStoredOnceAndHelpsToBuildPaths() throws SQLException {
    UUID anchor = table.addAnchor(root.certificate(), CaSource.AUTHORITY);

    UUID id = table.ensureIntermediate(issuing.certificate());

    assertThat(table.ensureIntermediate(issuing.certificate())).isEqualTo(id);
    assertThat(table.ensureIntermediate(root.certificate())).isEqualTo(anchor);
    assertThat(table.idsOf(List.of(issuing.certificate(), root.certificate())))
        .containsExactly(id, anchor);
    assertThat(state(root.certificate())).isEqualTo("anchor trusted authority");
    store.reload();
    assertThat(judge(issuing.leaf("laptop").certificate())).isInstanceOf(ChainVerdict.Valid.class);
  }

  @Test
  void aRevokedIntermediateIsNeitherUsedNorTrustedAgain() throws SQLException {
    table.addAnchor(root.certificate(), CaSource.AUTHORITY);
    UUID id = table.ensureIntermediate(issuing.certificate());
    setState(id, "revoked");
    store.reload();

    assertThat(judge(issuing.leaf("laptop").certificate(), issuing.certificate()))
        .isEqualTo(new ChainVerdict.Rejected(Set.of(ChainFault.UNTRUSTED_ISSUER)));
    assertThat(store.current().isBarred(issuing.certificate())).isTrue();
    assertThatExceptionOfType(ProblemException.class)
        .isThrownBy(() -> table.ensureIntermediate(issuing.certificate()));
    assertThatExceptionOfType(ProblemException.class)
        .isThrownBy(() -> table.idsOf(List.of(issuing.certificate())));
    assertThatExceptionOfType(ProblemException.class)
        .isThrownBy(() -> table.addAnchor(issuing.certificate(), CaSource.AUTHORITY));
    assertThat(
            table
                .syncFileAnchors(List.of(issuing.certificate()), MissingEvidence.REQUIRE)
                .refused())
        .hasSize(1);
    assertThat(state(issuing.certificate())).isEqualTo("intermediate revoked presented");
  }

  @Test
  void idsOfRefusesACertificateItDoesNotKnow() {
    assertThatExceptionOfType(ProblemException.class)
        .isThrownBy(() -> table.idsOf(List.of(root.certificate())));
  }

  @Test
  void theFileAddsRemovesAndTrustsAgain() throws SQLException {
    TestAuthority other = TestAuthority.root("Other");
    UUID authority = table.addAnchor(TestAuthority.root("Ours").certificate(), CaSource.AUTHORITY);

    AnchorSync first =
        table.syncFileAnchors(
            List.of(root.certificate(), other.certificate()), MissingEvidence.REQUIRE);
    AnchorSync second =
        table.syncFileAnchors(List.of(other.certificate()), MissingEvidence.REQUIRE);

    assertThat(first.trusted()).hasSize(2);
    assertThat(second)
        .isEqualTo(new AnchorSync(List.of(), List.of(first.trusted().getFirst()), List.of()));
    assertThat(state(root.certificate())).isEqualTo("anchor removed file");
    store.reload();
    assertThat(store.current().isBarred(root.certificate())).isTrue();
    assertThat(store.current().anchors())
        .contains(other.certificate())
        .doesNotContain(root.certificate());

    AnchorSync third =
        table.syncFileAnchors(
            List.of(root.certificate(), other.certificate()), MissingEvidence.REQUIRE);

    assertThat(third)
        .isEqualTo(new AnchorSync(List.of(first.trusted().getFirst()), List.of(), List.of()));
    assertThat(changesOf(first.trusted().getFirst())).isEqualTo(3);
    assertThat(changesOf(authority)).isEqualTo(1);
    assertThat(
            table.syncFileAnchors(
                List.of(root.certificate(), other.certificate()), MissingEvidence.REQUIRE))
        .isEqualTo(new AnchorSync(List.of(), List.of(), List.of()));
  }

  @Test
  void theFileNeverTouchesTheAuthoritysAnchor() throws SQLException {
    table.addAnchor(root.certificate(), CaSource.AUTHORITY);

    table.syncFileAnchors(List.of(root.certificate()), MissingEvidence.REQUIRE);
    table.syncFileAnchors(List.of(), MissingEvidence.REQUIRE);

    assertThat(state(root.certificate())).isEqualTo("anchor trusted authority");
  }

  @Test
  void aPresentedIntermediateBecomesTheFilesWhenListed() throws SQLException {
    table.ensureIntermediate(issuing.certificate());

    table.syncFileAnchors(List.of(issuing.certificate()), MissingEvidence.REQUIRE);
    assertThat(state(issuing.certificate())).isEqualTo("anchor trusted file");

    table.syncFileAnchors(List.of(), MissingEvidence.REQUIRE);
    assertThat(state(issuing.certificate())).isEqualTo("anchor removed file");
  }

  @Test
  void aLeafInTheFileChangesNothing() throws SQLException {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                table.syncFileAnchors(
                    List.of(root.certificate(), root.leaf("laptop").certificate()),
                    MissingEvidence.REQUIRE));
    assertThat(state(root.certificate())).isEqualTo("absent");
  }

  @Test
  void theOldSnapshotStaysWhileTheDatabaseIsAway() {
    table.addAnchor(root.certificate(), CaSource.AUTHORITY);
    List<Boolean> away = new ArrayList<>();
    DataSource flaky =
        (DataSource)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {DataSource.class},
                (proxy, method, arguments) -> {
                  if (!away.isEmpty()) {
                    throw new SQLException("the database is away");
                  }
                  return method.invoke(dataSource, arguments);
                });
    TrustStore lasting = new TrustStore(flaky);
    assertThat(lasting.reload()).isTrue();
    TrustSnapshot before = lasting.current();

    away.add(true);

    assertThat(lasting.reload()).isFalse();
    assertThat(lasting.current()).isSameAs(before);
    assertThat(lasting.current().anchors()).contains(root.certificate());
  }

  @Test
  void aRowWhoseBytesAreNotThoseOfItsThumbprintIsLeftOut() throws Exception {
    UUID id = table.addAnchor(root.certificate(), CaSource.AUTHORITY);
    TestAuthority planted = TestAuthority.root("Planted");
    try (var connection = dataSource.getConnection();
        var statement =
            connection.prepareStatement("update ca_certificate set der = ? where id = ?")) {
      statement.setBytes(1, planted.certificate().getEncoded());
      statement.setObject(2, id);
      statement.executeUpdate();
    }

    assertThat(store.reload()).isTrue();
    assertThat(store.current().anchors()).doesNotContain(root.certificate(), planted.certificate());
  }

  private ChainVerdict judge(X509Certificate... presented) {
    return new PathValidator().judge(PresentedChain.of(presented), store.current(), NOW);
  }

  private void setState(UUID id, String state) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement =
            connection.prepareStatement("update ca_certificate set state = ? where id = ?")) {
      statement.setString(1, state);
      statement.setObject(2, id);
      assertThat(statement.executeUpdate()).isEqualTo(1);
    }
  }

  private String state(X509Certificate certificate) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement =
            connection.prepareStatement(
                "select role || ' ' || state || ' ' || source from ca_certificate where thumbprint"
                    + " = ?")) {
      statement.setBytes(1, PresentedChain.of(certificate).thumbprint().bytes());
      try (var rows = statement.executeQuery()) {
        return rows.next() ? rows.getString(1) : "absent";
      }
    }
  }

  private int changesOf(UUID id) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement =
            connection.prepareStatement(
                "select count(*) from change where kind = 'TRUST' and subject = ?")) {
      statement.setString(1, id.toString());
      try (var rows = statement.executeQuery()) {
        rows.next();
        return rows.getInt(1);
      }
    }
  }
}
