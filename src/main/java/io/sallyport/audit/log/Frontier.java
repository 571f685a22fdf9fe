package io.sallyport.audit.log;

import java.util.ArrayList;
import java.util.List;

/**
 * The right edge of a growing tree: the roots of its complete subtrees, which is all that one needs
 * to append and to know the root. Not thread-safe.
 */
public final class Frontier {

  /** Takes the hash of each complete subtree of {@code 1 << level} leaves, once. */
  @FunctionalInterface
  public interface Completed {
    void node(int level, long index, TreeHash hash);
  }

  // One hash for each bit that is set in size, the largest subtree first.
  private final List<TreeHash> roots = new ArrayList<>();
  private long size;

  /** Of a tree without leaves. */
  public Frontier() {}

  /** Of the tree of {@code size} leaves that {@code tree} reads. */
  static Frontier of(MerkleTree tree, long size) {
    var frontier = new Frontier();
    long begin = 0;
    for (int level = 62; level >= 0; level--) {
      if ((size >> level & 1) == 1) {
        frontier.roots.add(tree.subtree(level, begin >> level));
        begin += 1L << level;
      }
    }
    frontier.size = size;
    return frontier;
  }

  /**
   * Of a tree of {@code size} leaves, from what {@link #roots} gave.
   *
   * @throws IllegalArgumentException if there is not one root for each bit that is set in size
   */
  public static Frontier of(long size, List<TreeHash> roots) {
    if (size < 0 || Long.bitCount(size) != roots.size()) {
      throw new IllegalArgumentException("no edge of a tree of " + size + " leaves");
    }
    var frontier = new Frontier();
    frontier.roots.addAll(roots);
    frontier.size = size;
    return frontier;
  }

  /** The roots of the complete subtrees, the largest first. */
  List<TreeHash> roots() {
    return List.copyOf(roots);
  }

  /** Another one of the same tree, which grows by itself. */
  public Frontier copy() {
    var copy = new Frontier();
    copy.roots.addAll(roots);
    copy.size = size;
    return copy;
  }

  public void append(TreeHash leaf) {
    append(leaf, (level, index, hash) -> {});
  }

  /** Appends a leaf and tells of the subtrees that it completes, of two leaves at least. */
  public void append(TreeHash leaf, Completed completed) {
    TreeHash hash = leaf;
    long index = size;
    for (int level = 1; (index & 1) == 1; level++) {
      hash = TreeHash.ofNode(roots.removeLast(), hash);
      index >>= 1;
      completed.node(level, index, hash);
    }
    roots.add(hash);
    size++;
  }

  public long size() {
    return size;
  }

  public TreeHash root() {
    if (roots.isEmpty()) {
      return TreeHash.ofNothing();
    }
    TreeHash root = roots.getLast();
    for (int i = roots.size() - 2; i >= 0; i--) {
      root = TreeHash.ofNode(roots.get(i), root);
    }
    return root;
  }
}
