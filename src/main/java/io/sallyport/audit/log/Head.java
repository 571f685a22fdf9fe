package io.sallyport.audit.log;

/**
 * The newest signed head of the tree, as the database has it.
 *
 * @param seen the snapshot up to which all records are leaves; null where that can't be told
 */
record Head(Checkpoint checkpoint, SignedNote note, String seen) {

  long size() {
    return checkpoint.size();
  }
}
