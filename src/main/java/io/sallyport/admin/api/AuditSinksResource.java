package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.audit.log.CosignerKey;
import io.sallyport.audit.sink.SinkContent;
import io.sallyport.audit.sink.SinkFormat;
import io.sallyport.audit.sink.SinkKind;
import io.sallyport.audit.sink.Sinks;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Whom the log is sent to as it grows. */
@Path("/api/v1/audit/sinks")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "audit")
public class AuditSinksResource {

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
  private static final int SHORTEST_SECRET = 16;
  private static final int LONGEST_SECRET = 256;
  private static final int LONGEST_CA = 64 * 1024;
  private static final int LONGEST_TARGET = 2048;

  private final Sinks sinks;
  private final SecureRandom random;
  private final Asker asker;

  AuditSinksResource(Sinks sinks, SecureRandom random, Asker asker) {
    this.sinks = sinks;
    this.random = random;
    this.asker = asker;
  }

  /**
   * A sink to set up.
   *
   * @param content {@code records} if absent; a witness gets checkpoints
   * @param format {@code native} if absent
   * @param target a URL (webhook; witness: its submission prefix), {@code host:port} (syslog) or a
   *     file's plain name
   * @param ca PEM of the authorities that may vouch for the receiver; those of the platform if
   *     absent
   * @param secret the webhook's HMAC key, 16 to 256 characters; made up if absent
   * @param key the witness's verifier key
   * @param from {@code now} if absent, or {@code beginning}
   */
  public record Order(
      String name,
      String kind,
      String content,
      String format,
      String target,
      String ca,
      String secret,
      String key,
      String from) {
    @Override
    public String toString() {
      return "Order[" + name + "]";
    }
  }

  /**
   * What can be changed of a sink.
   *
   * @param paused whether it waits; it goes on where it stopped
   */
  public record Change(Boolean paused) {}

  /**
   * Where to begin again.
   *
   * @param from a leaf's number, or for checkpoints a size of the tree
   */
  public record Replay(Long from) {}

  /**
   * A sink and how it fares.
   *
   * @param secret the webhook's HMAC key, in the answer to its making and never again
   * @param next the first leaf, or size of the tree, that it did not get yet
   * @param behind how many leaves it lacks
   * @param state {@code delivering}, {@code failing} or {@code paused}
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record View(
      UUID id,
      String name,
      SinkKind kind,
      SinkContent content,
      SinkFormat format,
      String target,
      String ca,
      String key,
      Boolean paused,
      Instant createdAt,
      long version,
      String state,
      long next,
      long behind,
      int failures,
      Instant failingSince,
      String lastError,
      Instant deliveredAt,
      long deadLetters,
      String secret) {

    static View of(Sinks.State state, String secret) {
      var sink = state.sink();
      return new View(
          sink.id(),
          sink.name(),
          sink.kind(),
          sink.content(),
          sink.format(),
          sink.target(),
          sink.ca(),
          sink.key() == null ? null : sink.key().toString(),
          sink.paused(),
          sink.createdAt(),
          sink.version(),
          sink.paused() ? "paused" : state.failures() > 0 ? "failing" : "delivering",
          state.next(),
          state.behind(),
          state.failures(),
          state.failingSince(),
          state.lastError(),
          state.deliveredAt(),
          state.deadLetters(),
          secret);
    }

    @Override
    public String toString() {
      return "View[" + name + "]";
    }
  }

  @POST
  @PermissionsAllowed(Permissions.AUDIT_SINKS_WRITE)
  @Operation(summary = "Set up a sink; a secret that is made up is shown this once")
  public Response add(Order order) {
    Input.body(order);
    String name = Input.required("name", order.name());
    if (!NAME.matcher(name).matches()) {
      throw Input.wrong("name", "expected 1 to 63 of a-z, 0-9 and '-', no '-' first");
    }
    SinkKind kind =
        oneOf("kind", order.kind(), null, SinkKind::of, SinkKind.values(), SinkKind::wire);
    boolean witness = kind == SinkKind.WITNESS;
    SinkContent content =
        oneOf(
            "content",
            order.content(),
            witness ? SinkContent.CHECKPOINTS : SinkContent.RECORDS,
            SinkContent::of,
            SinkContent.values(),
            SinkContent::wire);
    if (witness && content != SinkContent.CHECKPOINTS) {
      throw Input.wrong("content", "a witness gets checkpoints; leave it out");
    }
    SinkFormat format =
        oneOf(
            "format",
            order.format(),
            SinkFormat.NATIVE,
            SinkFormat::of,
            SinkFormat.values(),
            SinkFormat::wire);
    if (content == SinkContent.CHECKPOINTS && format != SinkFormat.NATIVE) {
      throw Input.wrong("format", "checkpoints are native; leave it out");
    }
    String target = Input.required("target", order.target());
    if (target.length() > LONGEST_TARGET) {
      throw Input.wrong("target", "expected at most " + LONGEST_TARGET + " characters");
    }
    if (order.ca() != null && order.ca().length() > LONGEST_CA) {
      throw Input.wrong("ca", "expected at most " + LONGEST_CA + " characters");
    }
    if (order.ca() != null && kind == SinkKind.FILE) {
      throw Input.wrong("ca", "a file has no certificate; leave it out");
    }
    String made = kind == SinkKind.WEBHOOK && order.secret() == null ? newSecret() : null;
    byte[] secret = secret(kind, made == null ? order.secret() : made);
    try {
      var state =
          sinks.add(
              new Sinks.Order(
                  name,
                  kind,
                  content,
                  format,
                  target,
                  order.ca(),
                  secret,
                  key(kind, order.key()),
                  fromBeginning(order.from())),
              asker.actor(),
              asker.source());
      return answer(
          Response.created(URI.create("/api/v1/audit/sinks/" + state.sink().id()))
              .header("Cache-Control", "no-store"),
          state,
          made);
    } finally {
      if (secret != null) {
        Arrays.fill(secret, (byte) 0);
      }
    }
  }

  private String newSecret() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static byte[] secret(SinkKind kind, String secret) {
    if (kind != SinkKind.WEBHOOK) {
      if (secret != null) {
        throw Input.wrong("secret", "only a webhook has one; leave it out");
      }
      return null;
    }
    if (secret.length() < SHORTEST_SECRET || secret.length() > LONGEST_SECRET) {
      throw Input.wrong(
          "secret", "expected " + SHORTEST_SECRET + " to " + LONGEST_SECRET + " characters");
    }
    return secret.getBytes(StandardCharsets.UTF_8);
  }

  private static CosignerKey key(SinkKind kind, String key) {
    if (kind != SinkKind.WITNESS) {
      if (key != null) {
        throw Input.wrong("key", "only a witness has one; leave it out");
      }
      return null;
    }
    return Input.read("key", key, CosignerKey::parse);
  }

  private static boolean fromBeginning(String from) {
    return switch (from) {
      case null -> false;
      case "now" -> false;
      case "beginning" -> true;
      default -> throw Input.wrong("from", "expected now or beginning");
    };
  }

  @GET
  @PermissionsAllowed(Permissions.AUDIT_READ)
  @Operation(summary = "List sinks and how they fare")
  public Page<View> list(@Context UriInfo uri) {
    Parameters.of(uri);
    return new Page<>(sinks.states().stream().map(state -> View.of(state, null)).toList(), null);
  }

  @GET
  @Path("/{id}")
  @PermissionsAllowed(Permissions.AUDIT_READ)
  @Operation(summary = "Read a sink and how it fares")
  public Response read(@PathParam("id") String id) {
    return answer(
        Response.ok(), sinks.state(uuid(id)).orElseThrow(AuditSinksResource::absent), null);
  }

  @PUT
  @Path("/{id}")
  @PermissionsAllowed(Permissions.AUDIT_SINKS_WRITE)
  @Operation(summary = "Pause a sink or let it go on")
  public Response change(
      @PathParam("id") String id,
      @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch,
      Change change) {
    boolean paused = Input.required("paused", Input.body(change).paused());
    return answer(
        Response.ok(),
        sinks.pause(uuid(id), paused, Input.ifMatch(ifMatch), asker.actor(), asker.source()),
        null);
  }

  @DELETE
  @Path("/{id}")
  @PermissionsAllowed(Permissions.AUDIT_SINKS_WRITE)
  @Operation(summary = "Remove a sink with its place in the log")
  public void remove(@PathParam("id") String id) {
    sinks.remove(uuid(id), asker.actor(), asker.source());
  }

  @GET
  @Path("/{id}/dead-letters")
  @PermissionsAllowed(Permissions.AUDIT_READ)
  @Operation(summary = "List what the sink refused for good")
  public Page<Sinks.DeadLetter> deadLetters(@PathParam("id") String id, @Context UriInfo uri) {
    var parameters = Parameters.of(uri);
    int limit = parameters.limit();
    Long behind = parameters.cursor(Long::valueOf);
    UUID sink = sinks.state(uuid(id)).orElseThrow(AuditSinksResource::absent).sink().id();
    return Page.of(
        sinks.deadLetters(sink, behind == null ? -1 : behind, limit + 1),
        limit,
        letter -> Long.toString(letter.position()),
        letter -> letter);
  }

  @POST
  @Path("/{id}/replay")
  @PermissionsAllowed(Permissions.AUDIT_SINKS_WRITE)
  @Operation(summary = "Send everything again from a position on, dead letters too")
  public Response replay(@PathParam("id") String id, Replay replay) {
    long from = Input.required("from", Input.body(replay).from());
    if (from < 0) {
      throw Input.wrong("from", "expected a position, 0 or more");
    }
    return answer(Response.ok(), sinks.replay(uuid(id), from, asker.actor(), asker.source()), null);
  }

  private static Response answer(
      Response.ResponseBuilder response, Sinks.State state, String secret) {
    return response
        .header(HttpHeaders.ETAG, Input.etag(state.sink().version()))
        .entity(View.of(state, secret))
        .build();
  }

  private static <T> T oneOf(
      String field,
      String text,
      T otherwise,
      Function<String, Optional<T>> reader,
      T[] values,
      Function<T, String> wire) {
    if (text == null && otherwise != null) {
      return otherwise;
    }
    List<String> allowed = Arrays.stream(values).map(wire).toList();
    return reader
        .apply(Input.required(field, text))
        .orElseThrow(() -> Input.wrong(field, "expected one of " + String.join(", ", allowed)));
  }

  private static UUID uuid(String id) {
    try {
      return Uuids.parse(id);
    } catch (IllegalArgumentException e) {
      throw absent();
    }
  }

  private static ProblemException absent() {
    return new ProblemException(Problem.notFound("no sink has this id"));
  }
}
