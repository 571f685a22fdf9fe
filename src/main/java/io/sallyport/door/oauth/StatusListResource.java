package io.sallyport.door.oauth;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.annotation.security.PermitAll;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.List;

/**
 * Signed lists from which anyone learns that a grant has ended, without asking about it (IETF Token
 * Status List).
 */
@Path("/oauth2/status")
@PermitAll
@RunOnVirtualThread
public class StatusListResource {

  /** The media type of a list in JWT format. */
  static final String STATUS_LIST = "application/statuslist+jwt";

  private final StatusLists lists;

  StatusListResource(StatusLists lists) {
    this.lists = lists;
  }

  /** The URLs of all lists that have grants; for who fetches them ahead. */
  public record Aggregation(@JsonProperty("status_lists") List<String> lists) {}

  /** All lists (section "Status List Aggregation"). */
  @GET
  @Produces(MediaType.APPLICATION_JSON)
  public Response all() {
    return publicly(Response.ok(new Aggregation(lists.served())), lists.ttlSeconds()).build();
  }

  /**
   * One list. What it was in the past is not kept: {@code time} is 501 (section "Historical
   * Resolution").
   */
  @GET
  @Path("{list:[1-9][0-9]{0,17}}")
  @Produces({STATUS_LIST, MediaType.APPLICATION_JSON})
  public Response list(@PathParam("list") long list, @QueryParam("time") String time) {
    if (time != null) {
      throw new ProblemException(
          Problem.of(
              "not_offered", "This is not offered", 501, "leave time out: only the present is"));
    }
    StatusLists.Published published =
        lists
            .find(list)
            .orElseThrow(
                () ->
                    new ProblemException(Problem.notFound("no list with grants has this number")));
    return publicly(Response.ok(published.token(), STATUS_LIST), published.seconds()).build();
  }

  private static Response.ResponseBuilder publicly(
      Response.ResponseBuilder response, long seconds) {
    return response
        .header("Cache-Control", "public, max-age=" + seconds)
        .header("Access-Control-Allow-Origin", "*");
  }
}
