package io.sallyport.audit.log;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** RFC 6962 section 2.1 word for word, on lists, with tiles cut from it: slow and plain. */
final class NaiveTree implements MerkleTree.Tiles {

  final List<TreeHash> leaves = new ArrayList<>();

  static NaiveTree of(int size) {
    var tree = new NaiveTree();
    for (int i = 0; i < size; i++) {
      tree.leaves.add(TreeHash.ofLeaf(("leaf " + i).getBytes(StandardCharsets.UTF_8)));
    }
    return tree;
  }

  TreeHash root(int size) {
    return mth(leaves.subList(0, size));
  }

  static TreeHash mth(List<TreeHash> d) {
    if (d.isEmpty()) {
      return TreeHash.ofNothing();
    }
    if (d.size() == 1) {
      return d.getFirst();
    }
    int k = k(d.size());
    return TreeHash.ofNode(mth(d.subList(0, k)), mth(d.subList(k, d.size())));
  }

  static List<TreeHash> path(int m, List<TreeHash> d) {
    if (d.size() == 1) {
      return List.of();
    }
    int k = k(d.size());
    List<TreeHash> left = d.subList(0, k);
    List<TreeHash> right = d.subList(k, d.size());
    return m < k ? plus(path(m, left), mth(right)) : plus(path(m - k, right), mth(left));
  }

  static List<TreeHash> proof(int m, List<TreeHash> d) {
    return subproof(m, d, true);
  }

  private static List<TreeHash> subproof(int m, List<TreeHash> d, boolean b) {
    if (m == d.size()) {
      return b ? List.of() : List.of(mth(d));
    }
    int k = k(d.size());
    List<TreeHash> left = d.subList(0, k);
    List<TreeHash> right = d.subList(k, d.size());
    return m <= k
        ? plus(subproof(m, left, b), mth(right))
        : plus(subproof(m - k, right, false), mth(left));
  }

  private static List<TreeHash> plus(List<TreeHash> hashes, TreeHash last) {
    var all = new ArrayList<>(hashes);
    all.add(last);
    return all;
  }

  private static int k(int n) {
    int k = 1;
    while (2 * k < n) {
      k *= 2;
    }
    return k;
  }

  @Override
  public byte[] hashes(int level, long first, int count) {
    int span = (int) Math.pow(256, level);
    byte[] hashes = new byte[count * TreeHash.LENGTH];
    for (int i = 0; i < count; i++) {
      int begin = (int) (first + i) * span;
      System.arraycopy(
          mth(leaves.subList(begin, begin + span)).bytes(), 0, hashes, i * 32, TreeHash.LENGTH);
    }
    return hashes;
  }
}
