package io.sallyport.grant;

/**
 * Where the status of a grant is found: its bit in a published list.
 *
 * @param list the list's number
 * @param index the bit's, from 0; random within the block that a replica leased, so that it says
 *     nothing about neighbours in time
 */
public record StatusPlace(long list, int index) {

  public StatusPlace {
    if (list < 1 || index < 0) {
      throw new IllegalArgumentException("lists are numbered from 1, their places from 0");
    }
  }
}
