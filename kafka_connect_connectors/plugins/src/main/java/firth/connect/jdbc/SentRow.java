package firth.connect.jdbc;

import java.time.Instant;

/**
 * A row that was sent, as far as must be known not to send it again. Ordered as rows are read, where the mode has ids.
 *
 * @param value of the column that reading goes by first: an Instant or a Long
 * @param identity what tells it from other rows of that value: its id, else a hash
 */
record SentRow(Object value, long identity) implements Comparable<SentRow> {

  @Override
  public int compareTo(SentRow other) {
    int order = compare(value, other.value);
    return order == 0 ? Long.compare(identity, other.identity) : order;
  }

  /** Two values of one column. */
  static int compare(Object value, Object other) {
    return value instanceof Instant instant
        ? instant.compareTo((Instant) other)
        : Long.compare((Long) value, (Long) other);
  }
}
