package io.sallyport.audit.sink;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A record as an event of the Open Cybersecurity Schema Framework, version 1.3.0. A decision is an
 * Authentication (3002), a change an Entity Management (3004); class 3006 is about groups of users
 * (Group Management), which Sallyport does not manage. What has no place there is under {@code
 * unmapped}.
 */
final class OcsfEvent {

  private static final int IAM = 3;
  private static final int AUTHENTICATION = 3002;
  private static final int ENTITY_MANAGEMENT = 3004;
  private static final int OTHER = 99;

  private OcsfEvent() {}

  static ObjectNode of(ObjectNode record, long number) {
    boolean decision = record.path("kind").asText().equals("decision");
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("category_uid", IAM).put("category_name", "Identity & Access Management");
    long time = Instant.parse(record.path("at").asText()).toEpochMilli();
    event.put("time", time);
    ObjectNode metadata = event.putObject("metadata");
    metadata
        .put("version", "1.3.0")
        .put("uid", record.path("id").asText())
        .put("original_time", record.path("at").asText())
        .put("sequence", number)
        .put("log_name", "sallyport");
    metadata.putObject("product").put("name", "Sallyport").put("vendor_name", "Sallyport");
    if (decision) {
      decision(record, event);
    } else {
      change(record, event);
    }
    return event;
  }

  private static void decision(ObjectNode record, ObjectNode event) {
    classify(event, AUTHENTICATION, "Authentication", 1, "Logon");
    String outcome = record.path("outcome").asText();
    switch (outcome) {
      case "admitted" -> status(event, 1, "Success", 1, "Informational");
      case "refused" -> status(event, 2, "Failure", 2, "Low");
      default -> status(event, OTHER, outcome, 3, "Medium");
    }
    List<String> reasons = texts(record.path("reasons"));
    if (!reasons.isEmpty()) {
      event.put("status_code", reasons.getFirst());
      event.put("status_detail", String.join(" ", reasons));
    }
    event.put("count", record.path("count").asInt(1));
    event.put("auth_protocol_id", OTHER).put("auth_protocol", "mutual TLS");
    event.put("is_remote", true);
    JsonNode device = record.path("device");
    JsonNode person = record.path("user");
    // The subject is the person if one is bound, else the device itself.
    ObjectNode user = event.putObject("user");
    if (person.isObject()) {
      user.put("type_id", 1).put("type", "User");
      copy(person, "subject", user, "uid");
      copy(person, "name", user, "name");
      copy(person, "issuer", user, "domain");
    } else {
      user.put("type_id", OTHER).put("type", "Device");
      copy(device, "id", user, "uid");
      copy(device, "name", user, "name");
    }
    if (!user.has("uid") && !user.has("name")) {
      user.put("name", "unknown");
    }
    source(record.path("source"), device, event);
    event.putObject("service").put("name", "sallyport/" + record.path("door").asText());
    certificate(record.path("certificate"), event);
    JsonNode grant = record.path("grant");
    if (grant.isObject()) {
      ObjectNode session = event.putObject("session");
      copy(grant, "id", session, "uid");
      session.put(
          "expiration_time", Instant.parse(grant.path("expiresAt").asText()).toEpochMilli());
    }
    unmapped(record, event, "door", "connectionId", "tls", "checks", "replica", "grant", "reasons");
  }

  private static void source(JsonNode source, JsonNode device, ObjectNode event) {
    ObjectNode endpoint = event.putObject("src_endpoint");
    copy(source, "address", endpoint, "ip");
    if (source.path("port").asInt() > 0) {
      endpoint.put("port", source.path("port").asInt());
    }
    copy(device, "id", endpoint, "uid");
    copy(device, "name", endpoint, "name");
  }

  private static void certificate(JsonNode certificate, ObjectNode event) {
    if (!certificate.isObject()) {
      return;
    }
    ObjectNode node = event.putObject("certificate");
    copy(certificate, "serial", node, "serial_number");
    copy(certificate, "issuer", node, "issuer");
    copy(certificate, "subject", node, "subject");
    if (certificate.has("notBefore")) {
      node.put(
          "created_time", Instant.parse(certificate.path("notBefore").asText()).toEpochMilli());
    }
    if (certificate.has("notAfter")) {
      node.put(
          "expiration_time", Instant.parse(certificate.path("notAfter").asText()).toEpochMilli());
    }
    if (certificate.has("thumbprint")) {
      node.putArray("fingerprints")
          .addObject()
          .put("algorithm_id", 3)
          .put("algorithm", "SHA-256")
          .put("value", certificate.path("thumbprint").asText());
    }
  }

  private static void change(ObjectNode record, ObjectNode event) {
    String action = record.path("action").asText();
    int dot = action.indexOf('.');
    String noun = dot < 0 ? action : action.substring(0, dot);
    String verb = dot < 0 ? "" : action.substring(dot + 1);
    switch (verb) {
      case "create", "add", "attach", "issue", "make" ->
          classify(event, ENTITY_MANAGEMENT, "Entity Management", 1, "Create");
      case "remove", "delete", "end" ->
          classify(event, ENTITY_MANAGEMENT, "Entity Management", 4, "Delete");
      case "update", "change", "replace", "save" ->
          classify(event, ENTITY_MANAGEMENT, "Entity Management", 3, "Update");
      default -> classify(event, ENTITY_MANAGEMENT, "Entity Management", OTHER, action);
    }
    status(event, 1, "Success", 1, "Informational");
    ObjectNode actor = event.putObject("actor").putObject("user");
    actor.put("name", record.path("actor").asText("system"));
    if (record.has("source")) {
      event.putObject("src_endpoint").put("ip", record.path("source").asText());
    }
    ObjectNode entity = event.putObject("entity").put("type", noun);
    if (record.has("device")) {
      entity.put("uid", record.path("device").asText());
    } else if (record.has("thumbprint")) {
      entity.put("uid", record.path("thumbprint").asText());
    } else {
      entity.put("name", noun);
    }
    if (record.path("before").isObject() && !record.path("before").isEmpty()) {
      entity.set("data", record.path("before"));
    }
    if (record.path("after").isObject() && !record.path("after").isEmpty()) {
      ObjectNode result = event.putObject("entity_result").put("type", noun);
      result.set("uid", entity.path("uid").isMissingNode() ? null : entity.path("uid"));
      if (!entity.has("uid")) {
        result.remove("uid");
        result.put("name", noun);
      }
      result.set("data", record.path("after"));
    }
    unmapped(record, event, "action", "replica", "device", "thumbprint");
  }

  private static void classify(
      ObjectNode event, int uid, String name, int activity, String activityName) {
    event.put("class_uid", uid).put("class_name", name);
    event.put("activity_id", activity).put("activity_name", activityName);
    event
        .put("type_uid", uid * 100L + activity)
        .put("type_name", name + ": " + (activity == OTHER ? "Other" : activityName));
  }

  private static void status(
      ObjectNode event, int id, String name, int severity, String severityName) {
    event.put("status_id", id).put("status", name);
    event.put("severity_id", severity).put("severity", severityName);
  }

  private static void unmapped(ObjectNode record, ObjectNode event, String... members) {
    ObjectNode rest = event.putObject("unmapped");
    for (String member : members) {
      if (record.has(member)) {
        rest.set(member, record.get(member));
      }
    }
  }

  private static void copy(JsonNode from, String member, ObjectNode to, String name) {
    JsonNode value = from.path(member);
    if (value.isValueNode() && !value.isNull()) {
      to.put(name, value.asText());
    }
  }

  private static List<String> texts(JsonNode list) {
    var texts = new ArrayList<String>();
    list.forEach(each -> texts.add(each.asText()));
    return texts;
  }
}
