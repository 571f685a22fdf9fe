package io.sallyport.registry;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import io.sallyport.identity.DeviceId;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.SegmentName;
import jakarta.persistence.Column;
import jakarta.persistence.Convert;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.LockModeType;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

/**
 * A device of the registry, as people edit it. Change it only through the commands of this package
 * and of {@code revocation}, which keep its rules, its epoch, the audit log and the change feed in
 * step.
 */
@Entity
@Table(name = "device")
public class Device extends PanacheEntityBase {

  @Id public UUID id;

  @Column(nullable = false)
  public String name;

  public String owner;

  @Convert(converter = DeviceColumns.Kind.class)
  @Column(nullable = false)
  public DeviceKind kind;

  @Convert(converter = DeviceColumns.State.class)
  @Column(nullable = false)
  public DeviceState state;

  @JdbcTypeCode(SqlTypes.ARRAY)
  @Column(nullable = false)
  public List<String> segments;

  @JdbcTypeCode(SqlTypes.JSON)
  @Column(nullable = false)
  public Map<String, String> labels;

  @JdbcTypeCode(SqlTypes.ARRAY)
  @Column(nullable = false)
  public List<String> identifiers;

  @Column(name = "external_id")
  public String externalId;

  /** Raised whenever the standing worsens; a grant decided on another epoch is dead. */
  public long epoch;

  /** Raised by every change; the device's ETag. */
  @Version public long version;

  @Column(name = "created_at", nullable = false, updatable = false)
  public Instant createdAt;

  /**
   * The device, locked until the transaction ends, so that commands on one device follow one
   * another.
   *
   * @throws ProblemException 404
   */
  public static Device locked(DeviceId id) {
    Device device = Device.findById(id.value(), LockModeType.PESSIMISTIC_WRITE);
    if (device == null) {
      throw new ProblemException(Problem.notFound("no device has the id " + id));
    }
    return device;
  }

  public DeviceId deviceId() {
    return new DeviceId(id);
  }

  /** What people may edit, as it is now. */
  public DeviceDetails details() {
    return new DeviceDetails(
        name,
        owner,
        kind,
        segments.stream().map(SegmentName::new).toList(),
        labels,
        identifiers,
        externalId);
  }

  /** Takes over {@code details}; leaves state, epoch and version to others. */
  public void write(DeviceDetails details) {
    name = details.name();
    owner = details.owner();
    kind = details.kind();
    segments = details.segments().stream().map(SegmentName::value).toList();
    labels = details.labels();
    identifiers = details.identifiers();
    externalId = details.externalId();
  }

  /** The fields as an audit record shows them; absent ones are left out. */
  public Map<String, Object> facts() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("name", name);
    facts.put("kind", kind.wire());
    facts.put("state", state.wire());
    facts.put("segments", List.copyOf(segments));
    facts.put("labels", Map.copyOf(labels));
    facts.put("identifiers", List.copyOf(identifiers));
    if (owner != null) {
      facts.put("owner", owner);
    }
    if (externalId != null) {
      facts.put("externalId", externalId);
    }
    return facts;
  }
}
