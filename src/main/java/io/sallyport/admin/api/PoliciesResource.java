package io.sallyport.admin.api;

import io.quarkus.security.PermissionsAllowed;
import io.sallyport.admin.signin.Permissions;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.policy.Policies;
import io.sallyport.policy.Policy;
import io.sallyport.policy.PolicyDraft;
import io.sallyport.policy.PolicyRules;
import io.sallyport.policy.PolicyVersion;
import io.sallyport.policy.PolicyVersions;
import io.sallyport.policy.PolicyYaml;
import io.sallyport.policy.SavePolicy;
import io.sallyport.policy.Segments;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Policies: the rules in force, those that were, and those that somebody would like. */
@Path("/api/v1/policies")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
@Tag(name = "policies")
public class PoliciesResource {

  private final PolicyVersions versions;
  private final Policies policies;
  private final SavePolicy savePolicy;
  private final Segments segments;
  private final Asker asker;

  PoliciesResource(
      PolicyVersions versions,
      Policies policies,
      SavePolicy savePolicy,
      Segments segments,
      Asker asker) {
    this.versions = versions;
    this.policies = policies;
    this.savePolicy = savePolicy;
    this.segments = segments;
    this.asker = asker;
  }

  @GET
  @PermissionsAllowed(Permissions.POLICIES_READ)
  @Operation(summary = "List the versions of the policy, newest first, without their rules")
  public Page<PolicyBodies.View> list(@Context UriInfo uri) {
    var parameters = Parameters.of(uri);
    int limit = parameters.limit();
    Long before = parameters.cursor(Long::valueOf);
    long current = versions.current();
    return Page.of(
        versions.list(before == null ? OptionalLong.empty() : OptionalLong.of(before), limit + 1),
        limit,
        policy -> Long.toString(policy.version()),
        policy -> PolicyBodies.View.brief(policy, current));
  }

  @GET
  @Path("/current")
  @PermissionsAllowed(Permissions.POLICIES_READ)
  @Operation(summary = "Read the policy in force")
  public Response current() {
    return answer(find(versions.current()));
  }

  @GET
  @Path("/{version}")
  @PermissionsAllowed(Permissions.POLICIES_READ)
  @Operation(summary = "Read a version of the policy")
  public Response read(@PathParam("version") String version) {
    return answer(find(number(version)));
  }

  @POST
  @PermissionsAllowed(Permissions.POLICIES_WRITE)
  @Operation(summary = "Put rules in force, as a new version; the old version is kept")
  public Response save(
      @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch, PolicyBodies.Wanted body) {
    PolicyRules rules = Input.body(body).read();
    return saved(rules, body.commentOrEmpty(), ifMatch);
  }

  @POST
  @Path("/validate")
  @PermissionsAllowed(Permissions.POLICIES_READ)
  @Operation(summary = "Check rules without saving them: every fault with its place")
  public PolicyBodies.Validation validate(PolicyBodies.Wanted body) {
    return switch (policies.draft(Input.body(body).read())) {
      case PolicyDraft.Sound sound ->
          new PolicyBodies.Validation(true, List.of(), warnings(sound.policy()));
      case PolicyDraft.Faulty faulty ->
          new PolicyBodies.Validation(
              false, faulty.faults().stream().map(PolicyBodies.FaultView::of).toList(), List.of());
    };
  }

  @GET
  @Path("/export")
  @Produces(PolicyYaml.MEDIA_TYPE)
  @PermissionsAllowed(Permissions.POLICIES_READ)
  @Operation(summary = "Download rules as YAML: those in force, or those of a version")
  public Response export(@QueryParam("version") String version) {
    PolicyVersion policy = find(version == null ? versions.current() : number(version));
    return Response.ok(PolicyYaml.write(policy.rules()))
        .type(PolicyYaml.MEDIA_TYPE)
        .header(HttpHeaders.ETAG, Input.etag(policy.version()))
        .header("Content-Disposition", "attachment; filename=\"policy.yaml\"")
        .build();
  }

  @POST
  @Path("/import")
  // What is JSON is YAML as well.
  @Consumes({PolicyYaml.MEDIA_TYPE, "application/x-yaml", "text/yaml", MediaType.APPLICATION_JSON})
  @PermissionsAllowed(Permissions.POLICIES_WRITE)
  @Operation(summary = "Put the rules of a YAML file in force, as a new version")
  public Response upload(
      @HeaderParam(HttpHeaders.IF_MATCH) String ifMatch,
      @QueryParam("comment") String comment,
      InputStream file)
      throws IOException {
    Input.comment(comment);
    PolicyRules rules = PolicyYaml.read(text(file.readAllBytes()));
    return saved(rules, comment == null ? "" : comment, ifMatch);
  }

  private static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new ProblemException(
          Problem.of("invalid_request", "The request is not valid", 400, "expected UTF-8"));
    }
  }

  private Response saved(PolicyRules rules, String comment, String ifMatch) {
    PolicyVersion saved =
        savePolicy.save(rules, comment, Input.ifMatch(ifMatch), asker.actor(), asker.source());
    List<String> warnings =
        switch (policies.draft(rules)) {
          case PolicyDraft.Sound sound -> warnings(sound.policy());
          case PolicyDraft.Faulty faulty -> List.of();
        };
    return Response.created(URI.create("/api/v1/policies/" + saved.version()))
        .header(HttpHeaders.ETAG, Input.etag(saved.version()))
        .entity(PolicyBodies.View.saved(saved, warnings))
        .build();
  }

  private List<String> warnings(Policy policy) {
    return PolicyBodies.warnings(segments.withoutRow(policy.namedSegments()));
  }

  private Response answer(PolicyVersion policy) {
    return Response.ok(PolicyBodies.View.whole(policy, versions.current()))
        .header(HttpHeaders.ETAG, Input.etag(policy.version()))
        .build();
  }

  private PolicyVersion find(long version) {
    return versions
        .find(version)
        .orElseThrow(
            () -> new ProblemException(Problem.notFound("there is no policy version " + version)));
  }

  private static long number(String version) {
    if (!version.matches("[0-9]{1,18}")) {
      throw new ProblemException(
          Problem.notFound("no policy has this version; versions are whole numbers"));
    }
    return Long.parseLong(version);
  }
}
