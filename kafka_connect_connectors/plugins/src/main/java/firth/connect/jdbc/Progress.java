package firth.connect.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;

/** Which rows of a source are new, and what was sent. Reading goes in rounds: each sends what is new by then. */
interface Progress {
  /**
   * Begin a round, or go on with one that was left; the statement of what is to be read, empty where nothing can be
   * new.
   */
  Optional<PreparedStatement> begin(Connection connection) throws SQLException;

  /** How many columns at the end of the statement are for this progress alone. */
  int hiddenColumns();

  /** Whether this row is to be sent. */
  boolean isNew(ResultSet row, RowShape shape) throws SQLException;

  /**
   * Note that this row is sent; the offset that says so. Whoever begins with that offset sends what comes after the
   * row, and nothing that went before. Where it throws, nothing is noted.
   */
  Map<String, ?> sent(ResultSet row, RowShape shape) throws SQLException;

  /** The round's rows are all read. */
  void end();

  /** For how long what was written could not be read, for a transaction that is still running; in milliseconds. */
  default long heldBackMs() {
    return 0;
  }
}
