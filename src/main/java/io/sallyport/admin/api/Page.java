package io.sallyport.admin.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.function.Function;

/**
 * A part of a list.
 *
 * @param nextCursor where the next part begins; absent if this is the last
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Page<T>(List<T> items, String nextCursor) {

  /**
   * @param found one more than {@code limit} if there is a next part
   * @param place what the cursor remembers of the last item shown
   */
  static <S, T> Page<T> of(
      List<S> found, int limit, Function<S, String> place, Function<S, T> view) {
    boolean more = found.size() > limit;
    List<S> shown = more ? found.subList(0, limit) : found;
    return new Page<>(
        shown.stream().map(view).toList(),
        more ? Parameters.cursorOf(place.apply(shown.getLast())) : null);
  }
}
