package io.sallyport.admission;

import io.sallyport.admission.PolicyCheck.Circumstances;
import io.sallyport.admission.Simulation.Past;
import io.sallyport.admission.SimulationRequest.Population;
import io.sallyport.identity.CertificateThumbprint;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Door;
import io.sallyport.identity.SourceAddress;
import io.sallyport.identity.UserFacts;
import io.sallyport.identity.Uuids;
import io.sallyport.registry.CertificateMac;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Reads the cases of a simulation, some hundred devices at a time, in one snapshot. */
final class SimulationCases {

  static final int BATCH = 500;

  private static final String DEVICES =
      "select id, name from device where id > ? order by id limit " + BATCH;

  private static final String STANDINGS =
      "select "
          + StandingRow.COLUMNS
          + ", case when t.evidence = 'issuer' then c.der end\n"
          + "from certificate c\n"
          + StandingQuery.JOINS;

  private static final String OF_DEVICES =
      STANDINGS + "where c.device_id = any (?)\norder by c.device_id, c.created_at desc";

  private static final String BY_THUMBPRINT = STANDINGS + "where c.thumbprint = any (?)";

  // Personal fields of a record may have been erased; what is left is replayed.
  private static final String DECISIONS =
      """
      with seen as (
        select device_id, thumbprint, door,
               network(set_masklen(source, case family(source) when 4 then 24 else 64 end)) as network,
               personal ->> '/user/subject' as person, sum(count) as decisions,
               (array_agg(id order by id desc))[1] as last
        from audit_record
        where device_id = any (?) and id >= ? and kind = 'decision' and thumbprint is not null and door is not null
        group by 1, 2, 3, 4, 5)
      select s.device_id, s.thumbprint, s.door, s.network::text, s.person, s.decisions, l.at, l.outcome, l.reasons,
             host(l.source), l.personal ->> '/user/name',
             case when s.person is not null then convert_from(l.canonical, 'UTF8')::jsonb #>> '{user,issuer}' end
      from seen s join audit_record l on l.id = s.last
      order by s.device_id, s.last desc
      """;

  private static final int DER = StandingRow.COLUMN_COUNT + 1;

  private final Connection snapshot;
  private final CertificateMac mac;
  private final Population population;
  private final Instant now;
  private UUID after = new UUID(0, 0);

  SimulationCases(Connection snapshot, CertificateMac mac, Population population, Instant now) {
    this.snapshot = snapshot;
    this.mac = mac;
    this.population = population;
    this.now = now;
  }

  /**
   * The next devices.
   *
   * @param devices how many devices were looked at
   * @param cases of those among them that belong to the population
   */
  record Batch(int devices, Map<DeviceId, List<SimulationCase>> cases) {}

  /** How many devices there are. */
  long devices() throws SQLException {
    try (var statement = snapshot.prepareStatement("select count(*) from device");
        ResultSet row = statement.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /** The next batch; of no devices when all were read. */
  Batch next() throws SQLException {
    Map<UUID, String> names = new LinkedHashMap<>();
    try (var statement = snapshot.prepareStatement(DEVICES)) {
      statement.setObject(1, after);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          after = rows.getObject(1, UUID.class);
          names.put(after, rows.getString(2));
        }
      }
    }
    Map<DeviceId, List<SimulationCase>> cases =
        names.isEmpty()
            ? Map.of()
            : switch (population) {
              case Population.Registry registry -> registered(names, registry);
              case Population.Decisions decisions -> decided(names, decisions.days());
            };
    return new Batch(names.size(), cases);
  }

  private record Registered(DeviceId device, Optional<Standing> standing, byte[] der) {}

  private Map<DeviceId, List<SimulationCase>> registered(
      Map<UUID, String> names, Population.Registry as) throws SQLException {
    Circumstances circumstances = new Circumstances(as.door(), as.source(), Optional.empty(), now);
    Map<DeviceId, List<SimulationCase>> cases = new LinkedHashMap<>();
    names.keySet().forEach(id -> cases.put(new DeviceId(id), new ArrayList<>()));
    read(OF_DEVICES, snapshot.createArrayOf("uuid", names.keySet().toArray()))
        .forEach(
            (thumbprint, each) ->
                cases
                    .get(each.device())
                    .add(
                        new SimulationCase(
                            each.device(),
                            names.get(each.device().value()),
                            thumbprint,
                            each.standing().orElse(null),
                            each.der(),
                            circumstances,
                            null)));
    return cases;
  }

  private Map<CertificateThumbprint, Registered> read(String sql, Array keys) throws SQLException {
    Map<CertificateThumbprint, Registered> found = new LinkedHashMap<>();
    try (var statement = snapshot.prepareStatement(sql)) {
      statement.setArray(1, keys);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.put(
              CertificateThumbprint.ofBytes(rows.getBytes(21)),
              new Registered(
                  new DeviceId(rows.getObject(1, UUID.class)),
                  StandingRow.read(rows, mac),
                  rows.getBytes(DER)));
        }
      }
    }
    return found;
  }

  private record Decided(
      DeviceId device, CertificateThumbprint certificate, Circumstances circumstances, Past past) {}

  private Map<DeviceId, List<SimulationCase>> decided(Map<UUID, String> names, int days)
      throws SQLException {
    List<Decided> decided = new ArrayList<>();
    try (var statement = snapshot.prepareStatement(DECISIONS)) {
      statement.setArray(1, snapshot.createArrayOf("uuid", names.keySet().toArray()));
      statement.setObject(2, Uuids.lowest(now.minus(Duration.ofDays(days))));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          decided.add(decided(rows));
        }
      }
    }
    Map<CertificateThumbprint, Registered> standings = new HashMap<>();
    if (!decided.isEmpty()) {
      standings.putAll(
          read(
              BY_THUMBPRINT,
              snapshot.createArrayOf(
                  "bytea",
                  decided.stream()
                      .map(Decided::certificate)
                      .distinct()
                      .map(CertificateThumbprint::bytes)
                      .toArray(byte[][]::new))));
    }
    Map<DeviceId, List<SimulationCase>> cases = new LinkedHashMap<>();
    for (Decided each : decided) {
      Registered registered = standings.get(each.certificate());
      cases
          .computeIfAbsent(each.device(), device -> new ArrayList<>())
          .add(
              new SimulationCase(
                  each.device(),
                  names.get(each.device().value()),
                  each.certificate(),
                  registered == null ? null : registered.standing().orElse(null),
                  registered == null ? null : registered.der(),
                  each.circumstances(),
                  each.past()));
    }
    return cases;
  }

  private Decided decided(ResultSet row) throws SQLException {
    Door door = door(row.getString(3));
    String source = row.getString(10);
    Past past =
        new Past(
            row.getString(3),
            row.getString(4),
            row.getString(5),
            row.getLong(6),
            row.getTimestamp(7).toInstant(),
            row.getString(8),
            List.of((String[]) row.getArray(9).getArray()));
    return new Decided(
        new DeviceId(row.getObject(1, UUID.class)),
        CertificateThumbprint.ofBytes(row.getBytes(2)),
        source == null || door == null
            ? null
            : new Circumstances(
                door,
                new SourceAddress(address(source), 0),
                user(row.getString(12), past.user(), row.getString(11), past.last()),
                now),
        past);
  }

  private static Door door(String wire) {
    return Arrays.stream(Door.values())
        .filter(door -> door.wire().equals(wire))
        .findFirst()
        .orElse(null);
  }

  // The record keeps who it was, not the groups: those come from the identity provider each time.
  private static Optional<UserFacts> user(
      String issuer, String subject, String name, Instant signedIn) {
    return issuer == null || subject == null
        ? Optional.empty()
        : Optional.of(
            new UserFacts(issuer, subject, name == null ? "" : name, "", List.of(), signedIn));
  }

  private static InetAddress address(String numeric) throws SQLException {
    try {
      return InetAddress.getByName(numeric);
    } catch (UnknownHostException e) {
      throw new SQLException("not an address in a record", e);
    }
  }
}
