package io.sallyport.audit;

/** What was asked can't be answered in the time that a question may take: narrow it. */
public final class SearchTooBroadException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  SearchTooBroadException() {
    super("the question takes too long");
  }
}
