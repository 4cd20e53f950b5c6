package firth.connect.jdbc;

import java.sql.SQLException;
import java.util.Set;
import org.apache.kafka.connect.errors.ConnectException;

/** What a failure of the database means for us. */
final class SqlFailure {
  /** Classes of SQLSTATE that no further try mends: wrong data, password, database, schema, statement. */
  private static final Set<String> FOR_GOOD = Set.of("22", "23", "28", "3D", "3F", "42");

  /** The class of a value that cannot be what it should: its message quotes it. */
  private static final String WRONG_DATA = "22";

  private SqlFailure() {}

  /** Whether the same would happen at the next try. */
  static boolean isForGood(SQLException failure) {
    return FOR_GOOD.contains(kind(failure));
  }

  /** A failure that ends the task: a sentence for a person, with nothing that is quoted of a row. */
  static ConnectException fatal(String what, SQLException failure, int tries) {
    String sentence = what + sentence(failure) + "; tried " + tries + (tries == 1 ? " time" : " times");
    boolean quotes = kind(failure).equals(WRONG_DATA);
    return quotes ? new ConnectException(sentence) : new ConnectException(sentence, failure);
  }

  /** The failure for a person, in a line. */
  static String sentence(SQLException failure) {
    String kind = kind(failure);
    if (kind.equals(WRONG_DATA)) {
      return "a value does not fit its column's type, such as NaN a Decimal (numeric.mapping=string takes it)";
    }
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    return message.lines().findFirst().orElse("") + (kind.isEmpty() ? "" : " (SQLSTATE class " + kind + ")");
  }

  /** The class of the SQLSTATE; empty where there is none. */
  private static String kind(SQLException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null && sql.getSQLState().length() == 5) {
        return sql.getSQLState().substring(0, 2);
      }
    }
    return "";
  }
}
