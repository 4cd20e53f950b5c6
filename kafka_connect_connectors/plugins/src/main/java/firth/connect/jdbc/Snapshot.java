package firth.connect.jdbc;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/**
 * What PostgreSQL (13 and later) tells of its transactions.
 *
 * @param running the virtual ids of all that run, but for our own
 * @param oldest the id of the oldest that runs and has one: all before are over, and what they wrote is seen
 * @param next the id that the next one gets
 */
record Snapshot(Set<String> running, long oldest, long next) {
  // A standby does not know what runs on its primary: there, something always does.
  private static final String RUNNING =
      "SELECT CASE WHEN pg_is_in_recovery() THEN ARRAY['on the primary'] ELSE array_agg(virtualxid) END FROM pg_locks"
          + " WHERE locktype = 'virtualxid' AND mode = 'ExclusiveLock' AND pid <> pg_backend_pid()";
  private static final String TRANSACTIONS =
      "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() s";

  private static final String KIND = "SELECT relkind FROM pg_class WHERE oid = to_regclass(?)";

  /** Whether the rows of a source tell who wrote them: those of a table do, of a query or a view they do not. */
  static boolean tellsOf(Connection connection, Source source) throws SQLException {
    if (source.isQuery()) {
      return false;
    }
    try (PreparedStatement statement = connection.prepareStatement(KIND)) {
      statement.setString(1, source.table().quoted("\""));
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() && "rp".contains(rows.getString(1));
      }
    }
  }

  /** Whether the server does not know what runs, on its primary. */
  static boolean isOnStandby(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT pg_is_in_recovery()")) {
      rows.next();
      return rows.getBoolean(1);
    }
  }

  /** Asks for what runs first, and then for the ids: whoever ended before that has an id before {@code next}. */
  static Snapshot of(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      Set<String> running = Set.of();
      try (ResultSet rows = statement.executeQuery(RUNNING)) {
        rows.next();
        Array ids = rows.getArray(1);
        running = ids == null ? running : Set.of((String[]) ids.getArray());
      }
      try (ResultSet rows = statement.executeQuery(TRANSACTIONS)) {
        rows.next();
        return new Snapshot(running, rows.getLong(1), rows.getLong(2));
      }
    }
  }
}
