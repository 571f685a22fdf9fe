package io.sallyport.audit.log;

import java.util.Iterator;
import java.util.List;

/**
 * Checks proofs as RFC 9162 sections 2.1.3.2 and 2.1.4.2 say, knowing nothing but what is given.
 */
public final class TreeProofs {

  private TreeProofs() {}

  /** Whether {@code path} proves that {@code leaf} is leaf {@code index} of the tree. */
  public static boolean includes(
      TreeHash leaf, long index, List<TreeHash> path, long size, TreeHash root) {
    if (index < 0 || index >= size) {
      return false;
    }
    long node = index;
    long last = size - 1;
    TreeHash hash = leaf;
    for (TreeHash sibling : path) {
      if (last == 0) {
        return false;
      }
      if ((node & 1) == 1 || node == last) {
        hash = TreeHash.ofNode(sibling, hash);
        while ((node & 1) == 0 && node != 0) {
          node >>= 1;
          last >>= 1;
        }
      } else {
        hash = TreeHash.ofNode(hash, sibling);
      }
      node >>= 1;
      last >>= 1;
    }
    return last == 0 && hash.equals(root);
  }

  /**
   * Whether {@code proof} proves that the tree of {@code to} leaves begins with that of {@code
   * from} leaves.
   */
  public static boolean isConsistent(
      long from, TreeHash fromRoot, long to, TreeHash toRoot, List<TreeHash> proof) {
    if (from < 0 || from > to) {
      return false;
    }
    if (from == to) {
      return proof.isEmpty() && fromRoot.equals(toRoot);
    }
    if (from == 0) {
      return proof.isEmpty() && fromRoot.equals(TreeHash.ofNothing());
    }
    Iterator<TreeHash> rest = proof.iterator();
    TreeHash first = fromRoot;
    if (Long.bitCount(from) != 1) {
      if (!rest.hasNext()) {
        return false;
      }
      first = rest.next();
    }
    long node = from - 1;
    long last = to - 1;
    while ((node & 1) == 1) {
      node >>= 1;
      last >>= 1;
    }
    TreeHash old = first;
    TreeHash fresh = first;
    while (rest.hasNext()) {
      TreeHash hash = rest.next();
      if (last == 0) {
        return false;
      }
      if ((node & 1) == 1 || node == last) {
        old = TreeHash.ofNode(hash, old);
        fresh = TreeHash.ofNode(hash, fresh);
        while ((node & 1) == 0 && node != 0) {
          node >>= 1;
          last >>= 1;
        }
      } else {
        fresh = TreeHash.ofNode(fresh, hash);
      }
      node >>= 1;
      last >>= 1;
    }
    return last == 0 && old.equals(fromRoot) && fresh.equals(toRoot);
  }
}
