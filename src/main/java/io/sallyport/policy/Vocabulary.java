package io.sallyport.policy;

import com.google.common.collect.ImmutableCollection;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.cel.common.types.CelType;
import dev.cel.common.types.CelTypeProvider;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import dev.cel.common.types.StructTypeReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What rules can name: the variables and their fields, each with its type. The checker knows no
 * other, so that a mistyped field is found when a rule is saved and not when somebody stands at the
 * door.
 */
final class Vocabulary implements CelTypeProvider {

  // Before the instance, whose making needs it.
  private static final CelType TEXTS = ListType.create(SimpleType.STRING);

  static final Vocabulary INSTANCE = new Vocabulary();

  private final Map<String, StructType> structs = new LinkedHashMap<>();
  private final Map<String, CelType> variables = new LinkedHashMap<>();

  private Vocabulary() {
    struct(
        "Device",
        field("id", SimpleType.STRING),
        field("name", SimpleType.STRING),
        field("owner", SimpleType.STRING),
        field("kind", SimpleType.STRING),
        field("state", SimpleType.STRING),
        field("segments", TEXTS),
        field("labels", MapType.create(SimpleType.STRING, SimpleType.STRING)),
        field("externalId", SimpleType.STRING));
    struct(
        "Certificate",
        field("thumbprint", SimpleType.STRING),
        field("issuer", SimpleType.STRING),
        field("serial", SimpleType.STRING),
        field("subject", SimpleType.STRING),
        field("sans", TEXTS),
        field("notBefore", SimpleType.TIMESTAMP),
        field("notAfter", SimpleType.TIMESTAMP),
        field("keyProtection", SimpleType.STRING),
        field("source", SimpleType.STRING));
    struct(
        "Report",
        field("source", SimpleType.STRING),
        field("reportedAt", SimpleType.TIMESTAMP),
        field("expiresAt", SimpleType.TIMESTAMP));
    struct("Source", field("address", SimpleType.STRING), field("port", SimpleType.INT));
    struct(
        "User",
        field("issuer", SimpleType.STRING),
        field("subject", SimpleType.STRING),
        field("name", SimpleType.STRING),
        field("email", SimpleType.STRING),
        field("groups", TEXTS),
        field("authenticatedAt", SimpleType.TIMESTAMP));

    variables.put("device", reference("Device"));
    variables.put("certificate", reference("Certificate"));
    variables.put("posture", MapType.create(SimpleType.STRING, SimpleType.DYN));
    variables.put("postureReport", MapType.create(SimpleType.STRING, reference("Report")));
    variables.put("door", SimpleType.STRING);
    variables.put("source", reference("Source"));
    variables.put("user", reference("User"));
    variables.put("now", SimpleType.TIMESTAMP);
  }

  /** The variables in the order of the manual. */
  Map<String, CelType> variables() {
    return Collections.unmodifiableMap(variables);
  }

  /** The fields of a variable that has some; empty for the others. */
  List<String> fieldsOf(String variable) {
    CelType type = variables.get(variable);
    StructType struct = type == null ? null : structs.get(type.name());
    return struct == null ? List.of() : new ArrayList<>(struct.fieldNames());
  }

  StructType struct(String name) {
    return structs.get(qualified(name));
  }

  @Override
  public ImmutableCollection<CelType> types() {
    return ImmutableList.copyOf(structs.values());
  }

  @Override
  public Optional<CelType> findType(String name) {
    return Optional.ofNullable(structs.get(name));
  }

  static StructTypeReference reference(String name) {
    return StructTypeReference.create(qualified(name));
  }

  // No rule can be mistaken for naming a type: a variable of this name does not exist.
  private static String qualified(String name) {
    return "sallyport." + name;
  }

  private record Field(String name, CelType type) {}

  private static Field field(String name, CelType type) {
    return new Field(name, type);
  }

  private void struct(String name, Field... fields) {
    Map<String, CelType> types = new LinkedHashMap<>();
    for (Field field : fields) {
      types.put(field.name(), field.type());
    }
    structs.put(
        qualified(name),
        StructType.create(
            qualified(name),
            ImmutableSet.copyOf(types.keySet()),
            field -> Optional.ofNullable(types.get(field))));
  }
}
