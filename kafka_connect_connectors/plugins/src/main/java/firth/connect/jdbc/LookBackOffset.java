package firth.connect.jdbc;

import static firth.connect.jdbc.SnapshotOffset.FLOOR;
import static firth.connect.jdbc.SnapshotOffset.INCREMENTING;
import static firth.connect.jdbc.SnapshotOffset.TIMESTAMP;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.AbstractMap;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * How far a source is read by looking back, as Connect keeps it.
 *
 * <p>Whoever edits it over HTTP gives {@code incrementing} or {@code timestamp}, and nothing else.
 *
 * @param floor rows from there on are looked at
 * @param highest of the rows sent
 * @param sent the rows above the floor that were sent; it may grow behind {@code size}
 * @param size how many of them count
 */
record LookBackOffset(Object floor, Object highest, List<SentRow> sent, int size) {
  static final String SENT = "sent";

  /** What {@link #lazily} wrote, or a person; null is the beginning. */
  static LookBackOffset read(Map<String, Object> offset, JdbcSettings settings) {
    Map<String, Object> known = offset == null ? Map.of() : offset;
    boolean usesTimestamp = settings.mode().usesTimestamp();
    Object highest = usesTimestamp ? OffsetValues.instant(known, TIMESTAMP) : whole(known, INCREMENTING);
    Object floor = usesTimestamp ? OffsetValues.instant(known, FLOOR) : whole(known, FLOOR);
    boolean byHand = !known.containsKey(SENT);
    if (highest == null) {
      return new LookBackOffset(settings.initialTimestamp(), null, List.of(), 0);
    }
    List<SentRow> rows = byHand ? List.of() : rows(known.get(SENT), usesTimestamp);
    return new LookBackOffset(byHand ? highest : floor, highest, rows, rows.size());
  }

  /** The form in which Connect keeps it, made when it is asked for: of a batch only the last offset is. */
  Map<String, Object> lazily() {
    return new AbstractMap<>() {
      @Override
      public Set<Entry<String, Object>> entrySet() {
        return written().entrySet();
      }
    };
  }

  private Map<String, Object> written() {
    Map<String, Object> map = new HashMap<>();
    map.put(highest instanceof Instant ? TIMESTAMP : INCREMENTING, plain(highest));
    if (floor != null) {
      map.put(FLOOR, plain(floor));
    }
    map.put(SENT, sent.subList(0, size).stream().map(LookBackOffset::text).collect(Collectors.joining(" ")));
    return map;
  }

  private static Object plain(Object value) {
    return value instanceof Instant ? value.toString() : value;
  }

  private static String text(SentRow row) {
    String identity = Long.toString(row.identity(), Character.MAX_RADIX);
    return row.value() instanceof Instant ? row.value() + "/" + identity : identity;
  }

  private static List<SentRow> rows(Object text, boolean usesTimestamp) {
    try {
      return Arrays.stream(((String) text).split(" "))
          .filter(row -> !row.isEmpty())
          .map(row -> usesTimestamp ? timed(row) : numbered(row))
          .toList();
    } catch (ClassCastException | DateTimeParseException | NumberFormatException e) {
      throw new ConnectException("offset: \"" + SENT + "\" is not as it was written: leave it out", e);
    }
  }

  private static SentRow timed(String row) {
    int slash = row.indexOf('/');
    return new SentRow(Instant.parse(row.substring(0, Math.max(slash, 0))), number(row.substring(slash + 1)));
  }

  private static SentRow numbered(String row) {
    return new SentRow(number(row), number(row));
  }

  private static long number(String text) {
    return Long.parseLong(text, Character.MAX_RADIX);
  }

  private static Object whole(Map<String, Object> known, String name) {
    return OffsetValues.whole(known, name, null);
  }
}
