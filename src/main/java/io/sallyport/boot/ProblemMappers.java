package io.sallyport.boot;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.ForbiddenException;
import io.quarkus.security.UnauthorizedException;
import io.sallyport.admin.signin.SignInRefusal;
import io.sallyport.identity.Problem;
import io.sallyport.identity.ProblemException;
import io.sallyport.identity.Uuids;
import io.sallyport.revocation.ChangeDevice;
import io.vertx.ext.web.RoutingContext;
import jakarta.persistence.OptimisticLockException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.hibernate.StaleStateException;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/**
 * The one place where what went wrong becomes an answer of HTTP. What was expected says what it is;
 * what was not says nothing but that, and is in the log under the id that the answer carries.
 */
public class ProblemMappers {

  private static final Logger LOG = Logger.getLogger(ProblemMappers.class);

  private static final int RETRY_AFTER_SECONDS = 5;

  // SQLSTATE classes that say "not now": connection, resources, operator intervention, conflict
  // with others, read-only.
  private static final Set<String> NOT_NOW = Set.of("08", "53", "57", "40", "55");
  private static final String READ_ONLY = "25006";

  // The driver's "unexpected error": what it says when the pool gives up on a connection attempt
  // that hangs.
  private static final String DRIVER_FAILED = "99999";

  private final ObjectMapper json;
  private final Uuids uuids;

  ProblemMappers(ObjectMapper json, Uuids uuids) {
    this.json = json;
    this.uuids = uuids;
  }

  @ServerExceptionMapper
  public Response expected(ProblemException e) {
    var response = answer(e.problem());
    if (e.retryAfter() != null) {
      response.header(HttpHeaders.RETRY_AFTER, e.retryAfter().toSeconds());
    }
    return response.build();
  }

  @ServerExceptionMapper
  public Response unauthenticated(UnauthorizedException e, RoutingContext request) {
    return signInFirst(SignInRefusal.of(request));
  }

  @ServerExceptionMapper
  public Response failed(AuthenticationFailedException e, RoutingContext request) {
    return signInFirst(SignInRefusal.of(request));
  }

  private Response signInFirst(SignInRefusal refusal) {
    var response = answer(refusal.problem());
    if (refusal.problem().status() == 401) {
      response.header(HttpHeaders.WWW_AUTHENTICATE, SignInRefusal.CHALLENGE);
    }
    if (refusal.retryAfter() != null) {
      response.header(HttpHeaders.RETRY_AFTER, Math.max(1, refusal.retryAfter().toSeconds()));
    }
    return response.build();
  }

  @ServerExceptionMapper
  public Response forbidden(ForbiddenException e) {
    return answer(Problem.of("forbidden", "Your role does not allow this", 403, "ask an owner"))
        .build();
  }

  @ServerExceptionMapper
  public Response mismatched(MismatchedInputException e) {
    return badJson(e);
  }

  @ServerExceptionMapper
  public Response badJson(JsonProcessingException e) {
    if (e instanceof JsonMappingException mapping
        && mapping.getCause() instanceof ProblemException expected) {
      return expected(expected);
    }
    if (e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()) {
      return answer(Problem.invalidField(path(mapping), sentence(mapping))).build();
    }
    var place = e.getLocation();
    String where =
        place == null
            ? ""
            : " at line %d, column %d".formatted(place.getLineNr(), place.getColumnNr());
    String what =
        e instanceof MismatchedInputException
            ? "expected another type of JSON value"
            : "not valid JSON";
    return answer(Problem.of("invalid_request", "The request is not valid", 400, what + where))
        .build();
  }

  private static String path(JsonMappingException e) {
    StringBuilder path = new StringBuilder();
    for (var step : e.getPath()) {
      if (step.getFieldName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(cut(step.getFieldName()));
      }
    }
    return path.toString();
  }

  // What Jackson says names our classes; what we say names what would be right.
  private static String sentence(JsonMappingException e) {
    return switch (e) {
      case UnrecognizedPropertyException unknown ->
          "is not known here; known are "
              + unknown.getKnownPropertyIds().stream()
                  .map(Object::toString)
                  .sorted()
                  .collect(Collectors.joining(", "));
      case InvalidFormatException wrong
          when wrong.getTargetType() != null && wrong.getTargetType().isEnum() ->
          "expected one of " + constants(wrong.getTargetType());
      case MismatchedInputException wrong when wrong.getTargetType() != null ->
          "expected " + jsonType(wrong.getTargetType());
      default -> "is not valid";
    };
  }

  private static String constants(Class<?> type) {
    ObjectMapper plain = new ObjectMapper();
    return Arrays.stream(type.getEnumConstants())
        .map(constant -> plain.convertValue(constant, String.class))
        .collect(Collectors.joining(", "));
  }

  private static String jsonType(Class<?> type) {
    if (CharSequence.class.isAssignableFrom(type)) {
      return "a string";
    }
    if (Number.class.isAssignableFrom(type) || type.isPrimitive() && type != boolean.class) {
      return "a number";
    }
    if (type == Boolean.class || type == boolean.class) {
      return "true or false";
    }
    if (java.time.temporal.Temporal.class.isAssignableFrom(type)) {
      return "a time as in RFC 3339, such as 2026-11-23T18:00:00Z";
    }
    if (type.isEnum()) {
      return "one of " + constants(type);
    }
    return java.util.Collection.class.isAssignableFrom(type) ? "an array" : "an object";
  }

  private static String cut(String name) {
    return name.length() <= 64 ? name : name.substring(0, 64) + "…";
  }

  @ServerExceptionMapper
  public Response notFound(NotFoundException e) {
    return http(e);
  }

  /** What JAX-RS itself refuses, by its status; its headers (Allow, Accept) are kept. */
  @ServerExceptionMapper
  public Response http(WebApplicationException e) {
    if (e.getCause() instanceof JsonProcessingException malformed) {
      return badJson(malformed);
    }
    int status = e.getResponse().getStatus();
    Problem problem =
        switch (status) {
          case 400 -> Problem.of("invalid_request", "The request is not valid", 400, null);
          case 401 -> SignInRefusal.of(null).problem();
          case 403 -> Problem.of("forbidden", "Your role does not allow this", 403, null);
          case 404 -> Problem.of("not_found", "There is no such thing", 404, "no such path");
          case 405 ->
              Problem.of("method_not_allowed", "This method is not allowed here", 405, null);
          case 406 ->
              Problem.of("not_acceptable", "No such representation", 406, "JSON is what there is");
          case 413 -> TOO_LARGE;
          case 415 ->
              Problem.of(
                  "unsupported_media_type",
                  "This media type is not taken here",
                  415,
                  "send application/json");
          default ->
              status >= 500
                  ? unexpected(e)
                  : Problem.of("http_" + status, "The request was refused", status, null);
        };
    var response = answer(problem);
    e.getResponse()
        .getStringHeaders()
        .forEach(
            (name, values) -> {
              if (!name.equalsIgnoreCase("content-type")
                  && !name.equalsIgnoreCase("content-length")) {
                values.forEach(value -> response.header(name, value));
              }
            });
    return response.build();
  }

  static final Problem TOO_LARGE =
      Problem.of("too_large", "The request is too large", 413, "send less at once");

  @ServerExceptionMapper
  public Response anythingElse(Throwable e) {
    for (Throwable cause = e;
        cause != null;
        cause = cause.getCause() == cause ? null : cause.getCause()) {
      switch (cause) {
        case ProblemException expected -> {
          return expected(expected);
        }
        case OptimisticLockException _, StaleStateException _ -> {
          return answer(ChangeDevice.staleVersion()).build();
        }
        case SQLException sql when notNow(sql) -> {
          LOG.warnf("The database is not available: %s", sql.getMessage());
          return storeUnavailable();
        }
        case IOException cut when "Request too large".equals(cut.getMessage()) -> {
          // Quarkus cut the body off and has answered already.
          return answer(TOO_LARGE).build();
        }
        default -> {}
      }
    }
    return answer(unexpected(e)).build();
  }

  private static boolean notNow(SQLException e) {
    // The pool's own time-outs have no state.
    String state = e.getSQLState();
    return state == null
        || state.equals(READ_ONLY)
        || state.equals(DRIVER_FAILED)
        || state.length() == 5 && NOT_NOW.contains(state.substring(0, 2));
  }

  private Response storeUnavailable() {
    return answer(
            new Problem(
                "store_unavailable",
                "The database can't be reached now",
                503,
                null,
                List.of("store_unavailable"),
                null,
                List.of()))
        .header(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS)
        .build();
  }

  private Problem unexpected(Throwable e) {
    String id = uuids.next().toString();
    LOG.errorf(e, "Unexpected failure %s", id);
    return Problem.of(
        "internal_error", "Something went wrong here", 500, "look for " + id + " in the log");
  }

  private Response.ResponseBuilder answer(Problem problem) {
    return Response.status(problem.status())
        .type(Problem.MEDIA_TYPE)
        .entity(ProblemBody.of(problem).bytes(json));
  }
}
