package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sallyport.trust.TestAuthority;
import io.sallyport.trust.TestAuthority.Spec;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Consumer;

/** A company's CA that an operator made an anchor over REST. */
final class OutsideAuthority {

  private static final String PATH = "/api/v1/trust-anchors";

  private final Console console;
  private final TestAuthority root;
  private final TestAuthority issuing;
  private final UUID id;
  private ObjectNode settings;

  /** A root and an issuing CA, which devices don't present: it comes with the bundle. */
  OutsideAuthority(Console console, Consumer<ObjectNode> said) {
    this.console = console;
    this.root = Fleet.authority("Outside root " + UUID.randomUUID());
    this.issuing =
        root.intermediate(
            "Outside issuing " + UUID.randomUUID(), spec -> Fleet.valid(spec, Duration.ofDays(90)));
    this.settings = JsonNodeFactory.instance.objectNode().put("name", "Outside");
    settings.put("missingEvidence", "allow-with-note");
    said.accept(settings);
    this.id = add();
  }

  UUID id() {
    return id;
  }

  /** The anchor. */
  TestAuthority root() {
    return root;
  }

  /** The CA whose certificates devices have. */
  TestAuthority issuing() {
    return issuing;
  }

  private UUID add() {
    var made =
        console.ask("POST", PATH, settings.deepCopy().put("pem", root.pem() + issuing.pem()));
    assertThat(made.status()).as("%s", made.body()).isEqualTo(201);
    return UUID.fromString(made.body().get("id").asText());
  }

  /** With the settings it has. */
  void addAgain() {
    assertThat(add()).isEqualTo(id);
  }

  /** A certificate for a device that the registry doesn't connect with it. */
  Laptop issue(Consumer<Spec> knobs) {
    return Laptop.of(
        null,
        issuing.leaf(
            "laptop " + UUID.randomUUID(),
            spec -> knobs.accept(Fleet.valid(spec, Duration.ofDays(30)))));
  }

  Console.Answer change(Consumer<ObjectNode> said) {
    settings = settings.deepCopy();
    said.accept(settings);
    var changed = console.ask("PUT", PATH + "/" + id, settings);
    assertThat(changed.status()).as("%s", changed.body()).isEqualTo(200);
    return changed;
  }

  void remove() {
    assertThat(console.ask("DELETE", PATH + "/" + id, null).status()).isEqualTo(204);
  }
}
