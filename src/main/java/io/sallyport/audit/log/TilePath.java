package io.sallyport.audit.log;

import java.util.regex.Pattern;

/**
 * The address of a tile or an entry bundle (C2SP tlog-tiles): {@code <L>/<N>[.p/<W>]}.
 *
 * @param level {@link #ENTRIES} for entry bundles
 * @param width 256 unless the tile is partial
 */
public record TilePath(int level, long index, int width) {

  public static final int ENTRIES = -1;

  private static final Pattern FORM =
      Pattern.compile(
          "(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,4}[0-9]{3})(?:\\.p/([1-9][0-9]{0,2}))?");

  /**
   * @throws IllegalArgumentException if it is no such address, or not the one spelling of it
   */
  public static TilePath parse(String path) {
    var form = FORM.matcher(path);
    if (!form.matches()) {
      throw new IllegalArgumentException("a tile is <level>/<index>[.p/<width>]");
    }
    int level = form.group(1).equals("entries") ? ENTRIES : Integer.parseInt(form.group(1));
    long index = Long.parseLong(form.group(2).replaceAll("[x/]", ""));
    int width = form.group(3) == null ? MerkleTree.TILE_WIDTH : Integer.parseInt(form.group(3));
    var parsed = new TilePath(level, index, width);
    if (level > 63 || width > MerkleTree.TILE_WIDTH || !parsed.toString().equals(path)) {
      throw new IllegalArgumentException("no tile has this address");
    }
    return parsed;
  }

  /** Its first hash or entry among all of its level. */
  long first() {
    return index * MerkleTree.TILE_WIDTH;
  }

  @Override
  public String toString() {
    var path = new StringBuilder("%03d".formatted(index % 1000));
    for (long rest = index / 1000; rest > 0; rest /= 1000) {
      path.insert(0, "x%03d/".formatted(rest % 1000));
    }
    path.insert(0, (level == ENTRIES ? "entries" : level) + "/");
    return width == MerkleTree.TILE_WIDTH ? path.toString() : path + ".p/" + width;
  }
}
