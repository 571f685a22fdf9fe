package io.sallyport.audit.log;

import java.util.ArrayList;
import java.util.List;

/** Roots and proofs of a tree whose hashes are kept as tiles. */
public final class MerkleTree {

  /** A tile is this many levels of the tree high. */
  static final int TILE_HEIGHT = 8;

  /** A whole tile is this many hashes wide. */
  static final int TILE_WIDTH = 1 << TILE_HEIGHT;

  /** Where the hashes of tiles come from. */
  @FunctionalInterface
  public interface Tiles {
    /**
     * {@code count} hashes one after the other, none across the border of a tile. At level 0 these
     * are those of leaves; at level {@code l} each is the root over {@code 256^l} leaves.
     */
    byte[] hashes(int level, long first, int count);
  }

  private final Tiles tiles;

  public MerkleTree(Tiles tiles) {
    this.tiles = tiles;
  }

  /** The root of the first {@code size} leaves. */
  public TreeHash root(long size) {
    return size == 0 ? TreeHash.ofNothing() : range(0, size);
  }

  /**
   * The path that proves that leaf {@code index} is in the tree of {@code size} leaves (RFC 6962
   * section 2.1.1), from the leaf's sibling up.
   */
  public List<TreeHash> inclusion(long index, long size) {
    if (index < 0 || index >= size) {
      throw new IllegalArgumentException("no leaf " + index + " in a tree of " + size);
    }
    var path = new ArrayList<TreeHash>();
    inclusion(index, 0, size, path);
    return path;
  }

  private void inclusion(long index, long begin, long end, List<TreeHash> path) {
    if (end - begin == 1) {
      return;
    }
    long middle = begin + split(end - begin);
    if (index < middle) {
      inclusion(index, begin, middle, path);
      path.add(range(middle, end));
    } else {
      inclusion(index, middle, end, path);
      path.add(range(begin, middle));
    }
  }

  /**
   * The hashes that prove that the tree of {@code to} leaves begins with that of {@code from} (RFC
   * 6962 section 2.1.2); none if they are the same or the first is empty.
   */
  public List<TreeHash> consistency(long from, long to) {
    if (from < 0 || from > to) {
      throw new IllegalArgumentException("a tree of " + to + " has no part of " + from);
    }
    var proof = new ArrayList<TreeHash>();
    if (from > 0 && from < to) {
      consistency(from, 0, to, true, proof);
    }
    return proof;
  }

  private void consistency(long from, long begin, long end, boolean known, List<TreeHash> proof) {
    if (from == end) {
      if (!known) {
        proof.add(range(begin, end));
      }
      return;
    }
    long middle = begin + split(end - begin);
    if (from <= middle) {
      consistency(from, begin, middle, known, proof);
      proof.add(range(middle, end));
    } else {
      consistency(from, middle, end, false, proof);
      proof.add(range(begin, middle));
    }
  }

  /** The root of the leaves from {@code begin} to before {@code end}. */
  private TreeHash range(long begin, long end) {
    long width = end - begin;
    if (Long.bitCount(width) == 1) {
      int level = Long.numberOfTrailingZeros(width);
      return subtree(level, begin >> level);
    }
    long middle = begin + split(width);
    return TreeHash.ofNode(range(begin, middle), range(middle, end));
  }

  /** The root of the {@code index}-th complete subtree of {@code 1 << level} leaves. */
  TreeHash subtree(int level, long index) {
    int height = level % TILE_HEIGHT;
    int count = 1 << height;
    byte[] hashes = tiles.hashes(level / TILE_HEIGHT, index << height, count);
    var nodes = new TreeHash[count];
    for (int i = 0; i < count; i++) {
      nodes[i] = TreeHash.at(hashes, i * TreeHash.LENGTH);
    }
    for (int width = count / 2; width > 0; width /= 2) {
      for (int i = 0; i < width; i++) {
        nodes[i] = TreeHash.ofNode(nodes[2 * i], nodes[2 * i + 1]);
      }
    }
    return nodes[0];
  }

  /** The largest power of two below {@code width}. */
  private static long split(long width) {
    return Long.highestOneBit(width - 1);
  }
}
