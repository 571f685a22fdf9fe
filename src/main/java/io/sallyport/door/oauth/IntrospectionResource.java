package io.sallyport.door.oauth;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.security.PermissionsAllowed;
import io.quarkus.security.identity.SecurityIdentity;
import io.sallyport.admission.GrantVerdict;
import io.sallyport.admission.LiveGrant;
import io.sallyport.admission.LiveGrants;
import io.sallyport.admission.StoreUnavailableException;
import io.sallyport.grant.GrantSettings;
import io.sallyport.grant.SessionGrant;
import io.sallyport.grant.TokenVerifier;
import io.sallyport.identity.GrantId;
import io.sallyport.identity.SegmentName;
import io.sallyport.identity.UserFacts;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Whether a token's grant is live (RFC 7662), for proxies and services that enforce it. */
@Path("/oauth2/introspect")
public class IntrospectionResource {

  private final TokenVerifier verifier;
  private final LiveGrants grants;
  private final GrantSettings settings;
  private final SecurityIdentity asker;

  public IntrospectionResource(
      TokenVerifier verifier, LiveGrants grants, GrantSettings settings, SecurityIdentity asker) {
    this.asker = asker;
    this.verifier = verifier;
    this.grants = grants;
    this.settings = settings;
  }

  /**
   * Echoes {@code cnf}, so that the asker can compare it with the certificate that it saw; it must.
   * Anything that is not a live grant of ours is {@code {"active":false}} and no more (section
   * 2.2); so is a grant for none of the audiences that the asker's token lists. {@code aud} is whom
   * the grant may be shown to today, as far as the asker may know.
   */
  @POST
  @PermissionsAllowed("introspect")
  @RunOnVirtualThread
  @Consumes(MediaType.APPLICATION_FORM_URLENCODED)
  @Produces(MediaType.APPLICATION_JSON)
  public Response introspect(MultivaluedMap<String, String> parameters) {
    return switch (TokenForm.of(parameters)) {
      case TokenForm.Read.Refused(var refusal) -> refusal;
      case TokenForm.Read.Sound(var form) -> introspect(form);
    };
  }

  private Response introspect(TokenForm form) {
    try {
      Optional<GrantId> named = verifier.verify(form.token());
      return Response.ok(named.isEmpty() ? Introspection.INACTIVE : answer(named.get()))
          .header("Cache-Control", "no-store")
          .build();
    } catch (SQLException | StoreUnavailableException e) {
      return OAuthRefusal.storeUnavailable();
    }
  }

  private Introspection answer(GrantId named) throws StoreUnavailableException {
    return switch (grants.of(named)) {
      case GrantVerdict.Live live -> answer(live.grant());
      case GrantVerdict.Dead _, GrantVerdict.Unknown _ -> Introspection.INACTIVE;
    };
  }

  // A grant for others is nothing to this asker (RFC 7662 section 2.2), and who they are neither.
  private Introspection answer(LiveGrant live) {
    Set<String> audiences = new TreeSet<>(live.audiences());
    Collection<String> allowed = asker.getAttribute("audiences");
    if (allowed == null) {
      return Introspection.INACTIVE;
    }
    if (!allowed.isEmpty()) {
      audiences.retainAll(allowed);
      if (audiences.isEmpty()) {
        return Introspection.INACTIVE;
      }
    }
    return active(live.grant(), audiences);
  }

  private Introspection active(SessionGrant grant, Set<String> audiences) {
    List<String> segments = grant.segments().stream().map(SegmentName::value).toList();
    String device = grant.device().toString();
    return new Introspection(
        true,
        segments.stream().collect(Collectors.joining(" ")),
        device,
        grant.user().map(UserFacts::subject).orElse(device),
        settings.issuer(),
        audience(audiences),
        grant.issuedAt().getEpochSecond(),
        grant.expiresAt().getEpochSecond(),
        grant.id().toString(),
        "Bearer",
        Map.of("x5t#S256", grant.thumbprint().base64Url()),
        segments,
        grant.user().map(UserFacts::name).filter(name -> !name.isEmpty()).orElse(null),
        grant.user().map(SubjectId::of).orElse(null),
        grant.user().isPresent() ? Map.of("sub", device) : null,
        grant.user().map(user -> user.authenticatedAt().getEpochSecond()).orElse(null));
  }

  private Object audience(Set<String> audiences) {
    return switch (audiences.size()) {
      case 0 -> settings.issuer();
      case 1 -> audiences.iterator().next();
      default -> audiences;
    };
  }

  /** Whose subject {@code sub} is (RFC 9493 section 3.2.1.3). */
  public record SubjectId(String format, String iss, String sub) {
    static SubjectId of(UserFacts user) {
      return new SubjectId("iss_sub", user.issuer(), user.subject());
    }
  }

  /**
   * The members of RFC 7662 section 2.2, {@code cnf} of RFC 8705 section 3.2, our segments, and of
   * a grant that was given to a person the claims of its token.
   *
   * @param aud one text, or a list of several
   * @param username the person's name as their identity provider says it
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Introspection(
      boolean active,
      String scope,
      @JsonProperty("client_id") String clientId,
      String sub,
      String iss,
      Object aud,
      Long iat,
      Long exp,
      String jti,
      @JsonProperty("token_type") String tokenType,
      Map<String, String> cnf,
      List<String> segments,
      String username,
      @JsonProperty("sub_id") SubjectId subId,
      Map<String, String> act,
      @JsonProperty("auth_time") Long authTime) {

    static final Introspection INACTIVE =
        new Introspection(
            false, null, null, null, null, null, null, null, null, null, null, null, null, null,
            null, null);
  }
}
