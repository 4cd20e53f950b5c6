package firth.connect.jdbc;

import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Date;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Timestamp;

/**
 * Timestamps, with a zone of their own or at home in {@code zone}.
 *
 * <p>PostgreSQL's infinity arrives as the largest value of the field's type, -infinity as the smallest, and in text by
 * its name.
 */
record TimeColumns(Times times, ZoneId zone) {
  static final long DAY_MS = 86_400_000;

  private static final Instant LATEST = Instant.ofEpochMilli(Long.MAX_VALUE);
  private static final Instant EARLIEST = Instant.ofEpochMilli(Long.MIN_VALUE);
  private static final DateTimeFormatter MICROS_ISO =
      new DateTimeFormatterBuilder()
          .append(DateTimeFormatter.ISO_LOCAL_DATE)
          .appendLiteral('T')
          .appendPattern("HH:mm:ss")
          .appendFraction(ChronoField.NANO_OF_SECOND, 6, 6, true)
          .appendLiteral('Z')
          .toFormatter()
          .withZone(ZoneOffset.UTC);

  /** Whether a column's timestamps have a zone. PostgreSQL's driver calls both kinds by one type. */
  static boolean isZoned(ResultSetMetaData result, int index) throws SQLException {
    return result.getColumnType(index) == Types.TIMESTAMP_WITH_TIMEZONE
        || result.getColumnTypeName(index).equalsIgnoreCase("timestamptz");
  }

  /** A day's number, as far as Connect's Date can hold it. */
  static long clamped(LocalDate date) {
    return Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, date.toEpochDay()));
  }

  Column column(String name, boolean zoned) {
    return switch (times) {
      case CONNECT_LOGICAL -> new Column(name, Timestamp.SCHEMA, (row, i) -> date(instant(row, i, zoned)));
      case MICROS_LONG -> new Column(name, Schema.INT64_SCHEMA, (row, i) -> units(instant(row, i, zoned), 1_000_000));
      case NANOS_LONG -> new Column(name, Schema.INT64_SCHEMA, (row, i) -> units(instant(row, i, zoned), 1_000_000_000));
      case NANOS_STRING -> new Column(
          name, Schema.STRING_SCHEMA, (row, i) -> text(units(instant(row, i, zoned), 1_000_000_000)));
      case MICROS_ISO_DATETIME_STRING -> new Column(
          name, Schema.STRING_SCHEMA, (row, i) -> iso(instant(row, i, zoned)));
    };
  }

  /** The instant of a timestamp column; null where it is NULL. */
  Instant instant(ResultSet row, int index, boolean zoned) throws SQLException {
    if (zoned) {
      OffsetDateTime value = row.getObject(index, OffsetDateTime.class);
      return value == null ? null : clamped(value.toInstant());
    }
    LocalDateTime value = row.getObject(index, LocalDateTime.class);
    if (value == null) {
      return null;
    }
    return infinite(value) ? clamped(value.toInstant(ZoneOffset.UTC)) : value.atZone(zone).toInstant();
  }

  private static boolean infinite(LocalDateTime value) {
    return value.equals(LocalDateTime.MAX) || value.equals(LocalDateTime.MIN);
  }

  private static Instant clamped(Instant instant) {
    if (instant.isAfter(LATEST)) {
      return LATEST;
    }
    return instant.isBefore(EARLIEST) ? EARLIEST : instant;
  }

  private static Date date(Instant instant) {
    return instant == null ? null : new Date(instant.toEpochMilli());
  }

  private static Long units(Instant instant, long perSecond) {
    if (instant == null) {
      return null;
    }
    try {
      long fraction = instant.getNano() / (1_000_000_000 / perSecond);
      return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), perSecond), fraction);
    } catch (ArithmeticException e) {
      return instant.getEpochSecond() < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  private static String text(Long units) {
    return units == null ? null : String.valueOf(units);
  }

  private static String iso(Instant instant) {
    if (instant == null) {
      return null;
    }
    if (instant.equals(LATEST) || instant.equals(EARLIEST)) {
      return instant.equals(LATEST) ? "infinity" : "-infinity";
    }
    return MICROS_ISO.format(instant);
  }
}
