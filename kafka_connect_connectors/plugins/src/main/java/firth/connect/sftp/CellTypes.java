package firth.connect.sftp;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.chrono.ChronoLocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.TemporalAccessor;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;

/**
 * How texts become values of a column's type.
 *
 * @param zone where times without one are at home
 * @param formats how dates are written, besides ISO 8601
 */
record CellTypes(ZoneId zone, List<DateTimeFormatter> formats) {
  private static final Set<String> TRUE = Set.of("true", "t", "yes", "y", "1");
  private static final Set<String> FALSE = Set.of("false", "f", "no", "n", "0");

  /** The value of a text that is not empty. */
  @FunctionalInterface
  interface Reading {
    /** Throws {@link RuntimeException} where the text is none of that type. */
    Object of(String text);
  }

  /**
   * How a column of that schema is read.
   *
   * @throws ConfigException where no text is of that type
   */
  Reading of(String column, Schema schema) {
    if (schema.name() != null) {
      switch (schema.name()) {
        case Decimal.LOGICAL_NAME:
          return decimal(column, schema);
        case Timestamp.LOGICAL_NAME:
          return text -> Date.from(instant(text.strip()));
        case org.apache.kafka.connect.data.Date.LOGICAL_NAME:
          return text -> new Date(TimeUnit.DAYS.toMillis(day(text.strip()).toEpochDay()));
        case Time.LOGICAL_NAME:
          return text -> new Date(TimeUnit.NANOSECONDS.toMillis(LocalTime.parse(text.strip()).toNanoOfDay()));
        default: // a name of the user's own
      }
    }
    return plain(column, schema.type());
  }

  private static Reading plain(String column, Schema.Type type) {
    return switch (type) {
      case INT8 -> text -> Byte.valueOf(text.strip());
      case INT16 -> text -> Short.valueOf(text.strip());
      case INT32 -> text -> Integer.valueOf(text.strip());
      case INT64 -> text -> Long.valueOf(text.strip());
      case FLOAT32 -> text -> Float.valueOf(number(text));
      case FLOAT64 -> text -> Double.valueOf(number(text));
      case BOOLEAN -> CellTypes::truth;
      case STRING -> text -> text;
      default -> throw new ConfigException(column + ": type BYTES needs \"name\": \"" + Decimal.LOGICAL_NAME + "\"");
    };
  }

  private static Reading decimal(String column, Schema schema) {
    String scale = schema.parameters() == null ? null : schema.parameters().get(Decimal.SCALE_FIELD);
    if (schema.type() != Schema.Type.BYTES || scale == null) {
      throw new ConfigException(column + ": a Decimal needs type BYTES and \"parameters\": {\"scale\": \"2\"}");
    }
    int digits = Integer.parseInt(scale);
    return text -> new BigDecimal(text.strip()).setScale(digits);
  }

  /** Java's own reading also takes 1d, 0x1p3 and NaN. */
  private static String number(String text) {
    String stripped = text.strip();
    if (!stripped.chars().allMatch(c -> "0123456789.-+eE".indexOf(c) >= 0)) {
      throw new NumberFormatException();
    }
    return stripped;
  }

  private static Boolean truth(String text) {
    String lower = text.strip().toLowerCase(Locale.ROOT);
    if (TRUE.contains(lower)) {
      return true;
    }
    if (FALSE.contains(lower)) {
      return false;
    }
    throw new IllegalArgumentException();
  }

  private Instant instant(String text) {
    TemporalAccessor found = moment(text);
    if (found instanceof ZonedDateTime zoned) {
      return zoned.toInstant();
    }
    if (found instanceof ChronoLocalDateTime<?> local) {
      return local.atZone(zone).toInstant();
    }
    return ((LocalDate) found).atStartOfDay(zone).toInstant();
  }

  private LocalDate day(String text) {
    TemporalAccessor found = moment(text);
    return found instanceof LocalDate day ? day : LocalDate.from(found);
  }

  private TemporalAccessor moment(String text) {
    for (DateTimeFormatter format : formats) {
      try {
        return format.parseBest(text, ZonedDateTime::from, LocalDateTime::from, LocalDate::from);
      } catch (DateTimeParseException e) {
        // The next may fit.
      }
    }
    if (text.length() == "2026-01-31".length()) {
      return LocalDate.parse(text);
    }
    return DateTimeFormatter.ISO_DATE_TIME.parseBest(text.replace(' ', 'T'), ZonedDateTime::from, LocalDateTime::from);
  }

  /** For schemas that are only looked at. */
  static final CellTypes ISO = new CellTypes(ZoneOffset.UTC, List.of());
}
