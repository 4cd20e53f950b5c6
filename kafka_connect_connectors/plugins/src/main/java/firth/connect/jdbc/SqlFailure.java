package firth.connect.jdbc;

import java.sql.SQLException;
import java.util.Set;

/** What a failure of the database means for us. */
final class SqlFailure {
  /** Classes of SQLSTATE that no further try mends: wrong data, password, database, schema, statement. */
  private static final Set<String> FOR_GOOD = Set.of("22", "23", "28", "3D", "3F", "42");

  private SqlFailure() {}

  /** Whether the same would happen at the next try. */
  static boolean isForGood(SQLException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null && sql.getSQLState().length() == 5) {
        return FOR_GOOD.contains(sql.getSQLState().substring(0, 2));
      }
    }
    return false;
  }

  /** The failure for a person, without what it may quote of a row. */
  static String sentence(SQLException failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String state = failure.getSQLState() == null ? "" : " (SQLSTATE " + failure.getSQLState() + ")";
    return firstLine(root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage()) + state;
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("");
  }
}
