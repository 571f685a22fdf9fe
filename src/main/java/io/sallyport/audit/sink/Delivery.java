package io.sallyport.audit.sink;

import java.io.IOException;
import java.util.List;

/**
 * Hands items to an outside party. One thread at a time calls it. It is never handed anything that
 * is not in a signed tree yet.
 */
public interface Delivery extends AutoCloseable {

  /**
   * On return the receiver has taken all of these, in this order, as far as its protocol can tell.
   * Ends within the bounds of {@link SinkSettings#patience}.
   *
   * @throws ItemsRefusedException if the receiver was reached and will not take these
   * @throws IOException if it can't be told, or the receiver should be tried again with the same
   */
  void deliver(List<SinkItem> items)
      throws IOException, ItemsRefusedException, InterruptedException;

  @Override
  void close();
}
