package firth.connect.sftp;

/**
 * A place in a file, between two records.
 *
 * @param line how many lines are before it
 * @param offset how many bytes are before it, of the text in the encoding that it is read in; -1 where only the line is
 *     known
 */
record Place(long line, long offset) {
  static final Place START = new Place(0, 0);

  boolean isKnown() {
    return offset >= 0;
  }
}
