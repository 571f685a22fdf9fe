package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.audit.log.Cosignatures;
import io.sallyport.audit.log.LogKeys;
import io.sallyport.audit.log.LogRefusedException;
import io.sallyport.audit.log.NoteKey;
import io.sallyport.audit.log.TilePath;
import io.sallyport.audit.log.TransparencyLog;
import io.sallyport.audit.log.TreeHash;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/**
 * The audit log as a transparency log (C2SP tlog-tiles): {@code checkpoint} and {@code tile/} under
 * this path are what its tools read.
 */
@Path("/api/v1/audit/log")
@RunOnVirtualThread
@PermissionsAllowed(Permissions.AUDIT_READ)
@Tag(name = "audit")
public class TransparencyLogResource {

  static final String TEXT = "text/plain;charset=utf-8";
  private static final String BRIEFLY = "private, max-age=1";
  private static final String FOR_EVER = "private, max-age=31536000, immutable";

  /**
   * A key of the log.
   *
   * @param vkey the verifier key as C2SP signed-note writes it
   */
  public record KeyView(String name, String keyId, String vkey, Instant since, boolean current) {}

  /** Hashes in base64, the path from the leaf's sibling up. */
  public record InclusionView(
      long leafIndex, String leafHash, List<String> path, String checkpoint) {}

  public record ConsistencyView(
      long from, String fromRoot, long to, String toRoot, List<String> proof) {}

  private final TransparencyLog log;
  private final LogKeys keys;
  private final Cosignatures cosignatures;

  TransparencyLogResource(TransparencyLog log, LogKeys keys, Cosignatures cosignatures) {
    this.log = log;
    this.keys = keys;
    this.cosignatures = cosignatures;
  }

  @GET
  @Path("/checkpoint")
  @Produces(TEXT)
  @Operation(summary = "Read the newest signed head of the log (C2SP tlog-checkpoint)")
  public Response checkpoint() {
    return asking(log::checkpoint)
        .map(note -> Response.ok(note.toString()).header("Cache-Control", BRIEFLY).build())
        .orElseThrow(() -> absent("nothing was recorded yet"));
  }

  @GET
  @Path("/cosigned-checkpoint")
  @Produces(TEXT)
  @Operation(summary = "Read the newest head that witnesses signed too (C2SP tlog-cosignature)")
  public Response cosigned() {
    try {
      return cosignatures
          .newest()
          .map(note -> Response.ok(note.toString()).header("Cache-Control", BRIEFLY).build())
          .orElseThrow(() -> absent("no witness has signed a checkpoint yet"));
    } catch (SQLException e) {
      throw new IllegalStateException("cosignatures can't be read", e);
    }
  }

  @GET
  @Path("/tile/{path: .+}")
  @Produces(MediaType.APPLICATION_OCTET_STREAM)
  @Operation(summary = "Read a tile of hashes or of entries (C2SP tlog-tiles)")
  public Response tile(@PathParam("path") String path) {
    return tilePath(path)
        .flatMap(tile -> asking(() -> log.tile(tile)))
        .map(bytes -> Response.ok(bytes).header("Cache-Control", FOR_EVER).build())
        .orElseThrow(() -> absent("the log has no such tile"));
  }

  private static Optional<TilePath> tilePath(String path) {
    try {
      return Optional.of(TilePath.parse(path));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @GET
  @Path("/keys")
  @Produces(MediaType.APPLICATION_JSON)
  @Operation(summary = "List the public keys that signed or sign the log")
  public Page<KeyView> keys() {
    try {
      NoteKey current = keys.current();
      return new Page<>(
          keys.list().stream()
              .map(
                  each ->
                      new KeyView(
                          each.key().name(),
                          each.key().hexId(),
                          each.key().toString(),
                          each.since(),
                          each.key().equals(current)))
              .toList(),
          null);
    } catch (SQLException e) {
      throw new IllegalStateException("the keys can't be read", e);
    }
  }

  @GET
  @Path("/proofs/inclusion")
  @Produces(MediaType.APPLICATION_JSON)
  @Operation(summary = "Prove that a record is in the log")
  public InclusionView inclusion(@Context UriInfo uri) {
    UUID record = required(Parameters.of(uri, "decisionId").uuid("decisionId"), "decisionId");
    return asking(() -> log.inclusion(record))
        .map(
            proof ->
                new InclusionView(
                    proof.leafIndex(),
                    proof.leafHash().toString(),
                    texts(proof.path()),
                    proof.checkpoint().toString()))
        .orElseThrow(() -> absent("no record of this id is in the log"));
  }

  @GET
  @Path("/proofs/consistency")
  @Produces(MediaType.APPLICATION_JSON)
  @Operation(summary = "Prove that the log of one size begins with the log of another")
  public ConsistencyView consistency(@Context UriInfo uri) {
    var parameters = Parameters.of(uri, "from", "to");
    long from = required(size(parameters, "from"), "from");
    long to = required(size(parameters, "to"), "to");
    if (from > to) {
      throw new ProblemException(Problem.invalidField("from", "is at most to"));
    }
    return asking(() -> log.consistency(from, to))
        .map(
            proof ->
                new ConsistencyView(
                    from,
                    proof.fromRoot().toString(),
                    to,
                    proof.toRoot().toString(),
                    texts(proof.proof())))
        .orElseThrow(() -> absent("the log is not that long"));
  }

  private static Long size(Parameters parameters, String name) {
    return parameters.read(
        name,
        text -> {
          if (!text.matches("0|[1-9][0-9]{0,17}")) {
            throw new IllegalArgumentException(text);
          }
          return Long.valueOf(text);
        },
        "expected a number of records");
  }

  private static <T> T required(T value, String name) {
    if (value == null) {
      throw new ProblemException(Problem.invalidField(name, "is required"));
    }
    return value;
  }

  private static List<String> texts(List<TreeHash> hashes) {
    return hashes.stream().map(TreeHash::toString).toList();
  }

  /** A question to the log. */
  interface Question<T> {
    T ask() throws LogRefusedException;
  }

  /** The answer, unless the database is not the one whose log this replica knows. */
  static <T> T asking(Question<T> question) {
    try {
      return question.ask();
    } catch (LogRefusedException e) {
      throw new ProblemException(
          Problem.of("log_refused", "The audit log is not the one we know", 503, e.getMessage()));
    }
  }

  private static ProblemException absent(String what) {
    return new ProblemException(Problem.notFound(what));
  }
}
