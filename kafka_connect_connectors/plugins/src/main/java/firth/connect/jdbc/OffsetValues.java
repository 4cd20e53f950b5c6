package firth.connect.jdbc;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import org.apache.kafka.connect.errors.ConnectException;

/** Values of an offset, which a person may have written. */
final class OffsetValues {
  private OffsetValues() {}

  /** A whole number, or {@code otherwise} where there is none. */
  static Long whole(Map<String, ?> offset, String name, Long otherwise) {
    Object value = offset.get(name);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Long || value instanceof Integer) {
      return ((Number) value).longValue();
    }
    throw new ConnectException("offset: \"" + name + "\" is no whole number");
  }

  /** An instant, written like 2026-01-31T12:00:00.000001Z; null where there is none. */
  static Instant instant(Map<String, ?> offset, String name) {
    Object value = offset.get(name);
    if (value == null) {
      return null;
    }
    try {
      return Instant.parse((String) value);
    } catch (ClassCastException | DateTimeParseException e) {
      throw new ConnectException("offset: \"" + name + "\" is no time such as 2026-01-31T12:00:00.000001Z");
    }
  }
}
