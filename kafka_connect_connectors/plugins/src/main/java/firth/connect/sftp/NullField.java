package firth.connect.sftp;

/** Which empty texts are null. */
enum NullField {
  EMPTY_SEPARATORS,
  EMPTY_QUOTES,
  BOTH,
  NEITHER;

  /** Whether one that stands in quotes, or not, is. */
  boolean isNull(boolean quoted) {
    return this == BOTH || this == (quoted ? EMPTY_QUOTES : EMPTY_SEPARATORS);
  }
}
