package firth.connect.jdbc;

import java.util.Locale;

/** How new rows are told from those already sent. */
enum Mode {
  BULK,
  INCREMENTING,
  TIMESTAMP,
  TIMESTAMP_INCREMENTING;

  /** The mode of that spelling, such as {@code timestamp+incrementing}. */
  static Mode of(String spelled) {
    return valueOf(spelled.toUpperCase(Locale.ROOT).replace('+', '_'));
  }

  boolean usesTimestamp() {
    return this == TIMESTAMP || this == TIMESTAMP_INCREMENTING;
  }

  boolean usesIncrementing() {
    return this == INCREMENTING || this == TIMESTAMP_INCREMENTING;
  }
}
