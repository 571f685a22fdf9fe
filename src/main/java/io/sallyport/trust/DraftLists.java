package io.sallyport.trust;

import io.sallyport.identity.IssuerAndSerial;
import io.sallyport.identity.ProblemException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;

/**
 * Reads lists that operators consider. Whatever would refuse a list at its upload refuses it here;
 * nothing is stored.
 */
public final class DraftLists {

  private static final int MOST_ENTRIES = 1_000_000;

  private static final String ANCHORS =
      """
      select t.id from trust_anchor t join ca_certificate a on a.id = t.id
      where t.evidence = 'issuer' and a.state = 'trusted' and a.role = 'anchor'
        and (?::uuid is null or t.id = ?)
      order by t.id limit 1000
      """;

  private static final String PLACE =
      "select %s from crl_source where anchor = ? and url = ?".formatted(CrlSource.COLUMNS);

  private final DataSource dataSource;
  private final Path folder;
  private final TakeList take;
  private final PutListInForce put;

  /**
   * @param folder for the list while it is read
   */
  DraftLists(DataSource dataSource, Path folder, TakeList take, PutListInForce put) {
    this.dataSource = dataSource;
    this.folder = folder;
    this.take = take;
    this.put = put;
  }

  /**
   * Reads a list, DER or PEM.
   *
   * @param anchor where it would be uploaded; null for every anchor under which its issuer is known
   * @return one for each of these anchors, never empty
   * @throws ProblemException 404 if the anchor is none whose issuers are asked; 413 if the list is
   *     too large, 422 if no upload of it would be taken, with the code of {@link CrlFault} in
   *     {@code reasons}
   */
  public List<DraftList> read(byte[] list, UUID anchor) throws IOException, SQLException {
    List<UUID> anchors = anchors(anchor);
    if (anchor != null && anchors.isEmpty()) {
      throw OutsideEvidence.noAnchor();
    }
    Path file = Files.createTempFile(folder, "upload", ".crl");
    Path decoded = Files.createTempFile(folder, "upload", ".der");
    try {
      Files.write(file, list);
      try (CrlFile opened = CrlFile.open(ListFile.der(file, decoded))) {
        return read(opened, anchors);
      }
    } catch (CrlRefused e) {
      throw OutsideEvidence.refused(e);
    } finally {
      Files.deleteIfExists(file);
      Files.deleteIfExists(decoded);
    }
  }

  private List<DraftList> read(CrlFile list, List<UUID> anchors)
      throws IOException, SQLException, CrlRefused {
    Map<ByteBuffer, DraftList.Named> entries = null;
    List<DraftList> drafts = new ArrayList<>();
    CrlRefused refused =
        new CrlRefused(
            CrlFault.CRL_UNKNOWN_ISSUER,
            "no CA under a trusted anchor has the name " + list.facts().issuerName());
    for (UUID anchor : anchors) {
      try {
        TakeList.Verified verified = take.verify(anchor, list);
        String place = OutsideEvidence.place(list.facts(), verified.signerKeyId());
        put.checkDraft(anchor, source(anchor, place), list.facts());
        entries = entries == null ? entries(list) : entries;
        drafts.add(
            new DraftList(
                anchor,
                place,
                list.facts(),
                verified.signerKeyId(),
                entries,
                revokedCas(anchor, list.facts(), entries, verified.under())));
      } catch (CrlRefused e) {
        // An anchor that doesn't know the issuer says less than one that does and objects.
        refused = e.fault() == CrlFault.CRL_UNKNOWN_ISSUER ? refused : e;
      }
    }
    if (drafts.isEmpty()) {
      throw refused;
    }
    return drafts;
  }

  private static Map<ByteBuffer, DraftList.Named> entries(CrlFile list)
      throws IOException, CrlRefused {
    Map<ByteBuffer, DraftList.Named> entries = new HashMap<>();
    list.forEach(
        entry -> {
          if (entries.size() < MOST_ENTRIES) {
            entries.merge(
                ByteBuffer.wrap(entry.serial()),
                new DraftList.Named(entry.reason(), entry.revokedAt()),
                DraftLists::worse);
          }
        });
    if (entries.size() >= MOST_ENTRIES) {
      throw new CrlRefused(
          CrlFault.CRL_TOO_LARGE,
          "a draft may name fewer than %d certificates".formatted(MOST_ENTRIES));
    }
    return entries;
  }

  // As StoredEvidence reads a serial that is named twice.
  private static DraftList.Named worse(DraftList.Named one, DraftList.Named other) {
    boolean letsGo = one.reason() == CrlReason.REMOVE_FROM_CRL.code();
    if (letsGo != (other.reason() == CrlReason.REMOVE_FROM_CRL.code())) {
      return letsGo ? other : one;
    }
    return one.revokedAt().isAfter(other.revokedAt()) ? other : one;
  }

  private static Set<UUID> revokedCas(
      UUID anchor,
      CrlFacts facts,
      Map<ByteBuffer, DraftList.Named> entries,
      List<CasUnderAnchor.Ca> under) {
    Set<UUID> revoked = new HashSet<>();
    for (CasUnderAnchor.Ca ca : under) {
      IssuerAndSerial name = IssuerAndSerial.of(ca.certificate());
      if (!ca.id().equals(anchor) && ListedCertificates.isIssuer(facts, name)) {
        DraftList.Named named = entries.get(ByteBuffer.wrap(SerialBytes.ofHex(name.serial())));
        if (named != null && ListedCertificates.revokesForEver(named.reason())) {
          revoked.add(ca.id());
        }
      }
    }
    return revoked;
  }

  private List<UUID> anchors(UUID only) throws SQLException {
    List<UUID> anchors = new ArrayList<>();
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(ANCHORS)) {
      statement.setObject(1, only);
      statement.setObject(2, only);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          anchors.add(rows.getObject(1, UUID.class));
        }
      }
    }
    return anchors;
  }

  private Optional<CrlSource> source(UUID anchor, String place) throws SQLException {
    try (Connection connection = dataSource.getConnection();
        var statement = connection.prepareStatement(PLACE)) {
      statement.setObject(1, anchor);
      statement.setString(2, place);
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? Optional.of(CrlSource.read(row)) : Optional.empty();
      }
    }
  }
}
