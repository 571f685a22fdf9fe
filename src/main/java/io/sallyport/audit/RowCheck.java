package io.sallyport.audit;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Compares the columns of a row with its record: they are an index of the canonical form, and a
 * search that goes by a false one finds a false answer. Not thread-safe.
 */
public final class RowCheck {

  private static final String HMAC = "HmacSHA256";

  // The user was added later: a record from before has none, and nothing is missing there.
  private static final List<String> PERSONAL_IN_DECISIONS =
      List.of(
          "/source/address", "/device/name", "/certificate/subject", "/user/name", "/user/subject");

  private final Mac mac;

  public RowCheck() {
    try {
      mac = Mac.getInstance(HMAC);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  /**
   * What of the row is not what the record says, each beginning with the name of the column; empty
   * if nothing is. A row whose personal data were erased (no salt, nothing in {@code personal}, no
   * source) is sound.
   *
   * @param record the canonical form
   * @param columns the others, as an export holds them: {@code id, at, kind, door, outcome,
   *     reasons[], deviceId, thumbprint, source, actor, count, replica, salt, personal{}}
   */
  public List<String> differences(JsonNode record, JsonNode columns) {
    var found = new ArrayList<String>();
    if (record.path("v").intValue() != 1) {
      found.add("canonical: a form that is not known here: v is " + record.path("v"));
      return found;
    }
    boolean decision = record.path("kind").asText().equals("decision");
    text(found, "id", columns.path("id"), record.path("id"));
    if (!sameTime(columns.path("at"), record.path("at"))) {
      found.add(difference("at", columns.path("at"), record.path("at")));
    }
    text(found, "kind", columns.path("kind"), record.path("kind"));
    text(found, "door", columns.path("door"), record.path("door"));
    text(found, "outcome", columns.path("outcome"), record.path("outcome"));
    reasons(found, columns.path("reasons"), record.path("reasons"));
    JsonNode device = record.path("device");
    text(found, "device_id", columns.path("deviceId"), decision ? device.path("id") : device);
    text(
        found,
        "thumbprint",
        columns.path("thumbprint"),
        decision ? record.path("certificate").path("thumbprint") : record.path("thumbprint"));
    text(found, "actor", columns.path("actor"), record.path("actor"));
    int count = decision ? record.path("count").intValue() : 1;
    if (columns.path("count").intValue() != count) {
      found.add("count: the row has " + columns.path("count") + ", the record " + count);
    }
    text(found, "replica", columns.path("replica"), record.path("replica"));
    personal(found, record, columns, decision);
    return found;
  }

  private static void text(List<String> found, String column, JsonNode row, JsonNode record) {
    if (!row.asText("").equals(record.asText("")) || isAbsent(row) != isAbsent(record)) {
      found.add(difference(column, row, record));
    }
  }

  private static boolean isAbsent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }

  private static String difference(String column, JsonNode row, JsonNode record) {
    return column + ": the row has " + shown(row) + ", the record " + shown(record);
  }

  private static String shown(JsonNode node) {
    String text = isAbsent(node) ? "nothing" : node.toString();
    return text.length() <= 200 ? text : text.substring(0, 200) + "…";
  }

  private static boolean sameTime(JsonNode row, JsonNode record) {
    try {
      return Instant.parse(row.asText()).equals(Instant.parse(record.asText()));
    } catch (DateTimeException e) {
      return false;
    }
  }

  private static void reasons(List<String> found, JsonNode row, JsonNode record) {
    // A change has no reasons, and its row an empty list of them.
    boolean same = isAbsent(record) ? row.isEmpty() : row.equals(record);
    if (!same) {
      found.add(difference("reasons", row, record));
    }
  }

  private void personal(List<String> found, JsonNode record, JsonNode columns, boolean decision) {
    byte[] salt;
    try {
      salt = HexFormat.of().parseHex(columns.path("salt").asText());
    } catch (IllegalArgumentException e) {
      found.add("salt: not in hexadecimal");
      return;
    }
    JsonNode clear = columns.path("personal");
    String source = columns.path("source").asText(null);
    if (salt.length == 0 && clear.isEmpty() && source == null) {
      return;
    }
    Map<String, String> hashes = new TreeMap<>();
    if (decision) {
      hashesOfDecision(hashes, record);
    } else {
      hashesOfChange(hashes, record);
    }
    begin(salt);
    var wrong = new TreeSet<String>();
    hashes.forEach(
        (pointer, hash) -> {
          if (!clear.path(pointer).isTextual()
              || !hash.equals(hash(pointer, clear.path(pointer).textValue()))) {
            wrong.add(pointer);
          }
        });
    clear.fieldNames().forEachRemaining(name -> addUnless(hashes.containsKey(name), wrong, name));
    if (!hashes.isEmpty() && wrong.containsAll(hashes.keySet())) {
      found.add("salt: none of the personal fields has the hash that the record holds");
    } else if (!wrong.isEmpty()) {
      found.add("personal: not what the record holds the hashes of: " + String.join(", ", wrong));
    }
    String recorded = clear.path(decision ? "/source/address" : "/source").asText(null);
    if (!sameAddress(source, recorded)) {
      found.add("source: the row has " + source + ", the record " + recorded);
    }
  }

  private static void addUnless(boolean known, TreeSet<String> wrong, String name) {
    if (!known) {
      wrong.add(name);
    }
  }

  private static void hashesOfDecision(Map<String, String> hashes, JsonNode record) {
    for (String pointer : PERSONAL_IN_DECISIONS) {
      put(hashes, pointer, record.at(pointer));
    }
    JsonNode sans = record.path("certificate").path("sans");
    for (int i = 0; i < sans.size(); i++) {
      put(hashes, "/certificate/sans/" + i, sans.get(i));
    }
  }

  private static void hashesOfChange(Map<String, String> hashes, JsonNode record) {
    put(hashes, "/source", record.path("source"));
    hashesIn(hashes, "/after", record.path("after"), false);
    hashesIn(hashes, "/before", record.path("before"), false);
  }

  private static void hashesIn(
      Map<String, String> hashes, String pointer, JsonNode value, boolean isPersonal) {
    if (value.isObject()) {
      value
          .properties()
          .forEach(
              member -> {
                String name = member.getKey().replace("~", "~0").replace("/", "~1");
                hashesIn(
                    hashes,
                    pointer + "/" + name,
                    member.getValue(),
                    isPersonal || RecordEncoder.PERSONAL_IN_CHANGES.contains(member.getKey()));
              });
    } else if (value.isArray()) {
      for (int i = 0; i < value.size(); i++) {
        hashesIn(hashes, pointer + "/" + i, value.get(i), isPersonal);
      }
    } else if (isPersonal) {
      put(hashes, pointer, value);
    }
  }

  private static void put(Map<String, String> hashes, String pointer, JsonNode hash) {
    if (hash.isTextual()) {
      hashes.put(pointer, hash.textValue());
    }
  }

  private void begin(byte[] salt) {
    try {
      // An empty key is no key to the JDK; HMAC pads with zeros anyway.
      mac.init(new SecretKeySpec(salt.length == 0 ? new byte[1] : salt, HMAC));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("bytes are a key", e);
    }
  }

  private String hash(String pointer, String value) {
    mac.update(pointer.getBytes(StandardCharsets.UTF_8));
    mac.update((byte) 0);
    return HexFormat.of().formatHex(mac.doFinal(value.getBytes(StandardCharsets.UTF_8)));
  }

  private static boolean sameAddress(String row, String recorded) {
    if (row == null || recorded == null) {
      return row == null && recorded == null;
    }
    try {
      return InetAddress.ofLiteral(row).equals(InetAddress.ofLiteral(recorded));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
