package firth.connect.jdbc;

import static firth.connect.jdbc.TableId.quoted;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * The columns of a source that reading goes by, as the database spells them.
 *
 * @param keys columns of the record's key; empty for none
 * @param primaryKey the table's own key; empty where it has none, and for queries
 * @param incrementing the column that grows; null where the mode has none
 * @param timestamps the columns with the time of the last change, of which the first that is not NULL counts
 * @param zoned whether those have a time zone
 * @param zone where they are at home if not
 */
record Layout(
    List<String> keys,
    List<String> primaryKey,
    String incrementing,
    List<String> timestamps,
    boolean zoned,
    ZoneId zone,
    String quote) {

  /**
   * Looks at the source.
   *
   * @throws ConnectException where a column of the settings is not there, or cannot tell which rows are new
   */
  static Layout of(Connection connection, Source source, JdbcSettings settings) throws SQLException {
    DatabaseMetaData database = connection.getMetaData();
    String quote = database.getIdentifierQuoteString().strip();
    try (Statement statement = connection.createStatement();
        ResultSet none = statement.executeQuery("SELECT * FROM " + source.from() + " WHERE 1 = 0")) {
      return new Finder(source, settings, none.getMetaData()).layout(primaryKey(database, source), quote);
    }
  }

  /** The incrementing column, in SQL. */
  String incrementingSql() {
    return column(incrementing);
  }

  /** The time of the last change, in SQL. */
  String timestampSql() {
    String columns = timestamps.stream().map(this::column).collect(Collectors.joining(", "));
    return timestamps.size() == 1 ? columns : "COALESCE(" + columns + ")";
  }

  /** An instant as the parameter that compares with {@link #timestampSql}. */
  Object parameter(Instant instant) {
    return zoned ? OffsetDateTime.ofInstant(instant, ZoneOffset.UTC) : LocalDateTime.ofInstant(instant, zone);
  }

  private String column(String name) {
    return "r." + quoted(name, quote);
  }

  private static List<String> primaryKey(DatabaseMetaData database, Source source) throws SQLException {
    if (source.isQuery()) {
      return List.of();
    }
    TableId table = source.table();
    TreeMap<Short, String> columns = new TreeMap<>();
    try (ResultSet keys =
        database.getPrimaryKeys(orNull(table.catalog()), orNull(table.schema()), table.name())) {
      while (keys.next()) {
        columns.put(keys.getShort("KEY_SEQ"), keys.getString("COLUMN_NAME"));
      }
    }
    return List.copyOf(columns.values());
  }

  private static String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  /** Finds the columns that the settings name among those that the source has. */
  private record Finder(Source source, JdbcSettings settings, ResultSetMetaData columns) {

    Layout layout(List<String> primaryKey, String quote) throws SQLException {
      Mode mode = settings.mode();
      String incrementing = mode.usesIncrementing() ? incrementing() : null;
      List<Integer> timestamps = mode.usesTimestamp() ? timestamps() : List.of();
      boolean zoned = !timestamps.isEmpty() && TimeColumns.isZoned(columns, timestamps.get(0));
      List<String> names = new ArrayList<>();
      for (int index : timestamps) {
        names.add(columns.getColumnLabel(index));
      }
      return new Layout(keys(primaryKey, incrementing), primaryKey, incrementing, names, zoned, settings.zone(), quote);
    }

    private List<String> keys(List<String> primaryKey, String incrementing) throws SQLException {
      List<String> wanted = settings.getList(JdbcSettings.KEY);
      if (wanted.isEmpty()) {
        return primaryKey.isEmpty() && incrementing != null ? List.of(incrementing) : primaryKey;
      }
      List<String> found = new ArrayList<>();
      for (String name : wanted) {
        found.add(columns.getColumnLabel(index(JdbcSettings.KEY, name)));
      }
      return found;
    }

    private String incrementing() throws SQLException {
      String name = settings.getString(JdbcSettings.INCREMENTING);
      int index = index(JdbcSettings.INCREMENTING, name);
      switch (columns.getColumnType(index)) {
        case Types.TINYINT, Types.SMALLINT, Types.INTEGER, Types.BIGINT:
          break;
        case Types.NUMERIC, Types.DECIMAL:
          refuse(columns.getScale(index) != 0, JdbcSettings.INCREMENTING, name, "does not hold whole numbers");
          break;
        default:
          refuse(true, JdbcSettings.INCREMENTING, name, "does not hold whole numbers");
      }
      refuseNullable(JdbcSettings.INCREMENTING, index);
      return columns.getColumnLabel(index);
    }

    private List<Integer> timestamps() throws SQLException {
      List<Integer> found = new ArrayList<>();
      for (String name : settings.getList(JdbcSettings.TIMESTAMP)) {
        int index = index(JdbcSettings.TIMESTAMP, name);
        int type = columns.getColumnType(index);
        boolean fits = type == Types.TIMESTAMP || type == Types.TIMESTAMP_WITH_TIMEZONE;
        refuse(!fits, JdbcSettings.TIMESTAMP, name, "does not hold timestamps");
        found.add(index);
      }
      if (found.size() == 1) {
        refuseNullable(JdbcSettings.TIMESTAMP, found.get(0));
      }
      return found;
    }

    private void refuseNullable(String setting, int index) throws SQLException {
      // Of a query's columns the database knows no better than that they may be.
      boolean nullable = !source.isQuery() && columns.isNullable(index) == ResultSetMetaData.columnNullable;
      refuse(
          nullable && settings.getBoolean(JdbcSettings.NON_NULL),
          setting,
          columns.getColumnLabel(index),
          "may be NULL, and such rows are never sent: make it NOT NULL, or set " + JdbcSettings.NON_NULL + " to false");
    }

    private void refuse(boolean wrong, String setting, String name, String what) {
      if (wrong) {
        throw new ConnectException(setting + ": column \"" + name + "\" of " + source.name() + " " + what);
      }
    }

    /** Where a column is, by its exact name, or by one that differs in upper and lower case only. */
    private int index(String setting, String name) throws SQLException {
      int similar = 0;
      List<String> there = new ArrayList<>();
      for (int index = 1; index <= columns.getColumnCount(); index++) {
        String label = columns.getColumnLabel(index);
        if (label.equals(name)) {
          return index;
        }
        if (label.equalsIgnoreCase(name)) {
          similar = index;
        }
        there.add(label);
      }
      if (similar == 0) {
        throw new ConnectException(
            setting + ": column \"" + name + "\" is not in " + source.name() + " (has: " + String.join(", ", there) + ")");
      }
      return similar;
    }
  }
}
