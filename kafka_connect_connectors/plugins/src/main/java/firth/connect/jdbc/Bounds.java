package firth.connect.jdbc;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;

/**
 * Conditions on the column that reading goes by first: the time of the last change where the mode has one, else the
 * column that grows. A value of it is an Instant or a Long.
 */
record Bounds(Layout layout) {

  boolean usesTimestamp() {
    return !layout.timestamps().isEmpty();
  }

  /** The column, in SQL. */
  String expression() {
    return usesTimestamp() ? layout.timestampSql() : layout.incrementingSql();
  }

  /** The columns that rows are read in order of, of which {@code otherwise} tell apart rows of one moment. */
  String order(String otherwise) {
    if (!usesTimestamp()) {
      return expression();
    }
    String second = layout.incrementing() == null ? otherwise : layout.incrementingSql();
    return second.isEmpty() ? expression() : expression() + ", " + second;
  }

  /** The value of this column in a row at that position. */
  Object value(Position position) {
    return usesTimestamp() ? position.timestamp() : position.incrementing();
  }

  /** No time that is drawn from now on lies before the value; every id that is drawn from now on is above it. */
  Object highest(Connection connection, Source source) throws SQLException {
    String sql =
        usesTimestamp()
            ? "SELECT clock_timestamp()"
            : "SELECT max(" + layout.incrementingSql() + ") FROM " + source.from();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      if (usesTimestamp()) {
        return rows.getObject(1, OffsetDateTime.class).toInstant();
      }
      long highest = rows.getLong(1);
      return rows.wasNull() ? null : highest;
    }
  }

  /** That a row lies above {@code value}, or for times not before it; {@code parameters} get what it asks for. */
  String above(Object value, List<Object> parameters) {
    parameters.add(usesTimestamp() ? layout.parameter((Instant) value) : value);
    return expression() + (usesTimestamp() ? " >= ?" : " > ?");
  }

  /**
   * That a row lies above {@code floor}: behind the row of that time and id, or where the floor has no id as its column's
   * value says.
   */
  String above(Position floor, List<Object> parameters) {
    if (!usesTimestamp() || floor.incrementing() == null) {
      return above(value(floor), parameters);
    }
    Object time = layout.parameter(floor.timestamp());
    parameters.addAll(List.of(time, time, floor.incrementing()));
    return "(" + expression() + " >= ? AND (" + expression() + " > ? OR " + layout.incrementingSql() + " > ?))";
  }

  /** As {@link #above(Position, List)} has it. */
  boolean isAbove(SentRow row, Position floor) {
    int order = SentRow.compare(row.value(), value(floor));
    if (order != 0 || !usesTimestamp()) {
      return order > 0;
    }
    return floor.incrementing() == null || row.identity() > floor.incrementing();
  }

  /** A floor with all rows above it that come behind {@code row}, and where the mode has no ids those of its time. */
  Position at(SentRow row) {
    Position floor = position(row.value());
    boolean hasBoth = usesTimestamp() && layout.incrementing() != null;
    return hasBoth ? new Position(floor.timestamp(), row.identity(), null) : floor;
  }

  /** The value, less the look-back of its kind. */
  Object lowered(Object value, Duration timestampLookback, long incrementingLookback) {
    if (value instanceof Instant instant) {
      return instant.minus(timestampLookback);
    }
    return value == null ? null : (Long) value - incrementingLookback;
  }

  /** A value of this column as a position. */
  Position position(Object value) {
    return value instanceof Instant instant ? new Position(instant, null, null) : new Position(null, (Long) value, null);
  }
}
