package io.sallyport.journey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sallyport.trust.TestAuthority;
import io.sallyport.trust.TestAuthority.Spec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.function.Consumer;

/** Devices whose certificates come from an outside authority that the house trusts by its file. */
final class Fleet {

  private final Console console;
  private final Path anchors;
  private final TestAuthority authority;

  /**
   * Adds a new authority to the file of anchors; on return the house trusts it.
   *
   * @param anchors the file that {@code sallyport.trust.anchors} names
   */
  Fleet(Console console, Path anchors) {
    this.console = console;
    this.anchors = anchors;
    this.authority = authority("Journeys " + UUID.randomUUID());
    trustAnchor();
  }

  /** An authority that nobody trusts, valid now. */
  static TestAuthority authority(String name) {
    return TestAuthority.root(name, spec -> valid(spec, Duration.ofDays(365)));
  }

  static Spec valid(Spec spec, Duration life) {
    // Real clients and the running house go by the wall clock.
    Instant now = Instant.now();
    return spec.validity(now.minus(Duration.ofDays(1)), now.plus(life));
  }

  void trustAnchor() {
    write(read() + authority.pem());
    UUID probe = console.newDevice("probe", "active");
    String pem = leaf(spec -> {}).pem();
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(console.attach(probe, pem).status()).isIn(200, 201));
  }

  /** Takes the anchor out of the file; returns at once. */
  void distrustAnchor() {
    write(read().replace(authority.pem(), ""));
  }

  void listAnchorAgain() {
    write(read() + authority.pem());
  }

  private String read() {
    try {
      return Files.readString(anchors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(String text) {
    try {
      Path fresh = Files.writeString(anchors.resolveSibling("anchors.new"), text);
      Files.move(fresh, anchors, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  TestAuthority.Issued leaf(Consumer<Spec> knobs) {
    return authority.leaf(
        "laptop " + UUID.randomUUID(), spec -> knobs.accept(valid(spec, Duration.ofDays(30))));
  }

  /** A registered, active device. */
  Laptop member() {
    return member("active", spec -> {});
  }

  Laptop member(String state, Consumer<Spec> knobs) {
    TestAuthority.Issued issued = leaf(knobs);
    UUID id = console.newDevice("laptop", state);
    var attached = console.attach(id, issued.pem());
    assertThat(attached.status()).as("%s", attached.body()).isEqualTo(201);
    return Laptop.of(id, issued);
  }

  /** A certificate of the trusted authority that nobody registered. */
  Laptop unregistered(Consumer<Spec> knobs) {
    return Laptop.of(null, leaf(knobs));
  }

  /** A certificate of an authority that nobody trusts. */
  static Laptop foreigner() {
    return Laptop.of(
        null, authority("Elsewhere").leaf("foreigner", spec -> valid(spec, Duration.ofDays(30))));
  }
}
