package firth.connect.jdbc;

import java.time.Instant;

/**
 * A row's place in the order of reading. What the mode does not go by is null.
 *
 * @param row where PostgreSQL keeps the row (its table's oid and its ctid): tells rows of one moment apart
 */
record Position(Instant timestamp, Long incrementing, String row) {
  /** Before every row of that moment. */
  static Position justBefore(Instant moment) {
    return new Position(moment, Long.MIN_VALUE, "0(0,0)");
  }
}
