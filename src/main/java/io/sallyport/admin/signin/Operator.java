package io.sallyport.admin.signin;

import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import io.sallyport.identity.OperatorId;
import jakarta.persistence.AttributeConverter;
import jakarta.persistence.Column;
import jakarta.persistence.Convert;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/** A person who administers Sallyport. */
@Entity
@Table(name = "operator")
public class Operator extends PanacheEntityBase {

  @Id public UUID id;

  @Column(nullable = false, updatable = false)
  public String name;

  /** bcrypt; never shown. */
  @Column(name = "password_hash", nullable = false)
  public String passwordHash;

  @Convert(converter = RoleColumn.class)
  @Column(nullable = false)
  public Role role;

  /** {@code active} or {@code disabled}. */
  @Column(nullable = false)
  public String state;

  @Version public long version;

  @Column(name = "created_at", nullable = false, updatable = false)
  public Instant createdAt;

  @Column(name = "password_changed_at", nullable = false)
  public Instant passwordChangedAt;

  public OperatorId operatorId() {
    return new OperatorId(id);
  }

  public static Optional<Operator> named(String name) {
    return Operator.find("name", name).firstResultOptional();
  }

  @Override
  public String toString() {
    return "Operator[" + name + "]";
  }

  /** {@code operator.role}. */
  public static class RoleColumn implements AttributeConverter<Role, String> {
    @Override
    public String convertToDatabaseColumn(Role role) {
      return role == null ? null : role.wire();
    }

    @Override
    public Role convertToEntityAttribute(String wire) {
      return wire == null ? null : Role.of(wire).orElseThrow();
    }
  }
}
