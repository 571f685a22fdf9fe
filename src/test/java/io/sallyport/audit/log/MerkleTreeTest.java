package io.sallyport.audit.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class MerkleTreeTest {

  private static final int MOST = 300;
  private static final NaiveTree NAIVE = NaiveTree.of(70_000);

  private final MerkleTree tree = new MerkleTree(NAIVE);

  /** The leaves and roots of the reference tree of Certificate Transparency. */
  private static final List<String> LEAVES =
      List.of(
          "",
          "00",
          "10",
          "2021",
          "3031",
          "40414243",
          "5051525354555657",
          "606162636465666768696a6b6c6d6e6f");

  private static final List<String> ROOTS =
      List.of(
          "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");

  private static final List<String> PATH_OF_THE_FIRST_OF_EIGHT =
      List.of(
          "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
          "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
          "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4");

  @Test
  void hasTheRootsOfTheReferenceTree() {
    var frontier = new Frontier();
    var naive = new NaiveTree();
    for (int i = 0; i < LEAVES.size(); i++) {
      TreeHash leaf = TreeHash.ofLeaf(HexFormat.of().parseHex(LEAVES.get(i)));
      frontier.append(leaf);
      naive.leaves.add(leaf);
      assertThat(hex(frontier.root())).isEqualTo(ROOTS.get(i));
      assertThat(hex(new MerkleTree(naive).root(i + 1))).isEqualTo(ROOTS.get(i));
    }
    assertThat(new MerkleTree(naive).inclusion(0, 8).stream().map(MerkleTreeTest::hex))
        .isEqualTo(PATH_OF_THE_FIRST_OF_EIGHT);
  }

  @Test
  void hasTheHashOfNothingAsRootOfTheEmptyTree() {
    assertThat(hex(new Frontier().root()))
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assertThat(tree.root(0)).isEqualTo(TreeHash.ofNothing());
  }

  @Test
  void hasTheRootsOfTheNaiveTreeAtEverySize() {
    var frontier = new Frontier();
    for (int size = 1; size <= 600; size++) {
      frontier.append(NAIVE.leaves.get(size - 1));
      TreeHash root = NAIVE.root(size);
      assertThat(frontier.root()).as("%d", size).isEqualTo(root);
      assertThat(tree.root(size)).as("%d", size).isEqualTo(root);
      assertThat(Frontier.of(tree, size).root()).as("%d", size).isEqualTo(root);
    }
  }

  @Test
  void goesOnFromItsRightEdgeAcrossTheBordersOfTiles() {
    for (int size : List.of(1, 255, 256, 257, 65_535, 65_536, 65_537, 69_998)) {
      Frontier frontier = Frontier.of(tree, size);
      frontier.append(NAIVE.leaves.get(size));
      frontier.append(NAIVE.leaves.get(size + 1));
      assertThat(frontier.root()).as("%d", size).isEqualTo(NAIVE.root(size + 2));
    }
  }

  @Test
  void tellsOfEverySubtreeOnceItIsComplete() {
    var frontier = new Frontier();
    var told = new ArrayList<String>();
    for (int i = 0; i < 1_024; i++) {
      frontier.append(
          NAIVE.leaves.get(i),
          (level, index, hash) -> {
            assertThat(hash).isEqualTo(tree.subtree(level, index));
            told.add(level + "/" + index);
          });
    }
    assertThat(told).doesNotHaveDuplicates().hasSize(1_023).contains("1/0", "8/3", "10/0");
  }

  @Test
  void provesInclusionAsTheNaiveTreeDoesAtEverySize() {
    for (int size = 1; size <= MOST; size++) {
      TreeHash root = NAIVE.root(size);
      // Of small trees all leaves; of the others enough, the naive tree being as slow as it is.
      for (int leaf = 0; leaf < size; leaf += size < 70 ? 1 : 13) {
        List<TreeHash> path = tree.inclusion(leaf, size);
        assertThat(path).isEqualTo(NaiveTree.path(leaf, NAIVE.leaves.subList(0, size)));
        assertThat(TreeProofs.includes(NAIVE.leaves.get(leaf), leaf, path, size, root)).isTrue();
      }
    }
  }

  @Test
  void provesConsistencyAsTheNaiveTreeDoesAtEverySize() {
    for (int to = 1; to <= MOST; to++) {
      for (int from = 1; from <= to; from += to < 70 ? 1 : 13) {
        List<TreeHash> proof = tree.consistency(from, to);
        assertThat(proof).isEqualTo(NaiveTree.proof(from, NAIVE.leaves.subList(0, to)));
        assertThat(TreeProofs.isConsistent(from, root(from), to, root(to), proof))
            .as("%d in %d", from, to)
            .isTrue();
      }
    }
  }

  @Test
  void provesInATreeOfThreeLevelsOfTiles() {
    int size = 66_001;
    TreeHash root = NAIVE.root(size);
    for (int leaf : List.of(0, 65_535, 65_536, 66_000)) {
      assertThat(
              TreeProofs.includes(
                  NAIVE.leaves.get(leaf), leaf, tree.inclusion(leaf, size), size, root))
          .isTrue();
    }
    for (int from : List.of(255, 65_536, 66_000)) {
      assertThat(
              TreeProofs.isConsistent(
                  from, NAIVE.root(from), size, root, tree.consistency(from, size)))
          .isTrue();
    }
  }

  @Test
  void refusesAProofOfAnythingElse() {
    int size = 137;
    TreeHash root = NAIVE.root(size);
    for (int leaf = 0; leaf < size; leaf++) {
      List<TreeHash> path = tree.inclusion(leaf, size);
      TreeHash hash = NAIVE.leaves.get(leaf);
      assertThat(TreeProofs.includes(NAIVE.leaves.get(size), leaf, path, size, root)).isFalse();
      assertThat(TreeProofs.includes(hash, (leaf + 1) % size, path, size, root)).isFalse();
      assertThat(TreeProofs.includes(hash, leaf, path, size, NAIVE.root(size - 1))).isFalse();
      assertThat(TreeProofs.includes(hash, leaf, longer(path), size, root)).isFalse();
      assertThat(TreeProofs.includes(hash, leaf, path.subList(1, path.size()), size, root))
          .isFalse();
      assertThat(TreeProofs.includes(hash, -1, path, size, root)).isFalse();
      assertThat(TreeProofs.includes(hash, size, path, size, root)).isFalse();
    }
  }

  @Test
  void refusesAConsistencyThatIsNone() {
    for (int from = 1; from < 70; from++) {
      int to = 70;
      List<TreeHash> proof = tree.consistency(from, to);
      TreeHash other = NAIVE.leaves.get(99);
      assertThat(TreeProofs.isConsistent(from, other, to, root(to), proof)).isFalse();
      assertThat(TreeProofs.isConsistent(from, root(from), to, other, proof)).isFalse();
      assertThat(TreeProofs.isConsistent(from, root(from), to, root(to), longer(proof))).isFalse();
      assertThat(TreeProofs.isConsistent(from, root(from), to, root(to), List.of())).isFalse();
    }
    assertThat(TreeProofs.isConsistent(5, root(5), 4, root(4), List.of())).isFalse();
    assertThat(TreeProofs.isConsistent(5, root(5), 5, root(4), List.of())).isFalse();
  }

  @Test
  void hasNoProofOutsideTheTree() {
    assertThatThrownBy(() -> tree.inclusion(5, 5)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> tree.consistency(6, 5)).isInstanceOf(IllegalArgumentException.class);
  }

  private static List<TreeHash> longer(List<TreeHash> hashes) {
    var more = new ArrayList<>(hashes);
    more.add(TreeHash.ofNothing());
    return more;
  }

  private static TreeHash root(int size) {
    return NAIVE.root(size);
  }

  private static String hex(TreeHash hash) {
    return HexFormat.of().formatHex(hash.bytes());
  }
}
