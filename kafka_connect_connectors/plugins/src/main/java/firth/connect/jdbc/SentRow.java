package firth.connect.jdbc;

/**
 * A row that was sent, as far as must be known not to send it again.
 *
 * @param value of the column that reading goes by: an Instant or a Long
 * @param identity what tells it from other rows of that value
 */
record SentRow(Object value, long identity) {}
