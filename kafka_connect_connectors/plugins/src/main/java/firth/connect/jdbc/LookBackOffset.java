package firth.connect.jdbc;

import static firth.connect.jdbc.SnapshotOffset.FLOOR;
import static firth.connect.jdbc.SnapshotOffset.INCREMENTING;
import static firth.connect.jdbc.SnapshotOffset.TIMESTAMP;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * How far a source is read by looking back, as Connect keeps it.
 *
 * <p>Whoever edits it over HTTP gives {@code incrementing} or {@code timestamp} (or both, as the mode goes), and nothing
 * else.
 *
 * @param floor rows above it are looked at, see {@link Bounds#above(Position, List)}; null where all are
 * @param highest of the rows sent; null where none was
 * @param sent the rows above the floor that were sent; it may grow behind {@code size}
 * @param size how many of them count
 */
record LookBackOffset(Position floor, Object highest, List<SentRow> sent, int size) {
  static final String SENT = "sent";
  static final String FLOOR_ID = "floor.incrementing";

  /** What {@link #lazily} wrote, now or before times were written as distances, or a person; null is the beginning. */
  static LookBackOffset read(Map<String, Object> offset, JdbcSettings settings) {
    Map<String, Object> known = offset == null ? Map.of() : offset;
    boolean usesTimestamp = settings.mode().usesTimestamp();
    Position highest = position(known, TIMESTAMP, INCREMENTING, settings.mode());
    if (highest == null) {
      Instant initial = settings.initialTimestamp();
      return new LookBackOffset(initial == null ? null : new Position(initial, null, null), null, List.of(), 0);
    }
    Object value = usesTimestamp ? highest.timestamp() : highest.incrementing();
    boolean byHand = !known.containsKey(SENT);
    if (byHand) {
      return new LookBackOffset(highest, value, List.of(), 0);
    }
    Position floor = position(known, FLOOR, usesTimestamp ? FLOOR_ID : FLOOR, settings.mode());
    List<SentRow> rows = rows(known.get(SENT), floor, usesTimestamp);
    return new LookBackOffset(floor, value, rows, rows.size());
  }

  /** Null where what reading goes by first is not there. */
  private static Position position(Map<String, Object> known, String time, String id, Mode mode) {
    Long incrementing = mode.usesIncrementing() ? OffsetValues.whole(known, id, null) : null;
    Instant timestamp = mode.usesTimestamp() ? OffsetValues.instant(known, time) : null;
    boolean isThere = mode.usesTimestamp() ? timestamp != null : incrementing != null;
    return isThere ? new Position(timestamp, incrementing, null) : null;
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
    boolean usesTimestamp = highest instanceof Instant;
    map.put(usesTimestamp ? TIMESTAMP : INCREMENTING, usesTimestamp ? highest.toString() : highest);
    if (floor != null) {
      map.put(FLOOR, usesTimestamp ? floor.timestamp().toString() : floor.incrementing());
    }
    if (floor != null && usesTimestamp && floor.incrementing() != null) {
      map.put(FLOOR_ID, floor.incrementing());
    }
    map.put(SENT, text());
    return map;
  }

  /** The rows' identities, each behind its time where that is another than the one before: {@code 1s.0/a b 2x.0/c}. */
  private String text() {
    StringBuilder text = new StringBuilder();
    Object before = null;
    for (SentRow row : sent.subList(0, size)) {
      text.append(text.isEmpty() ? "" : " ");
      if (row.value() instanceof Instant time && !time.equals(before)) {
        text.append(distance(time)).append('/');
        before = time;
      }
      text.append(Long.toString(row.identity(), Character.MAX_RADIX));
    }
    return text.toString();
  }

  private static List<SentRow> rows(Object text, Position floor, boolean usesTimestamp) {
    try {
      List<String> rows = Arrays.stream(((String) text).split(" ")).filter(row -> !row.isEmpty()).toList();
      return usesTimestamp ? timed(rows, floor) : rows.stream().map(LookBackOffset::numbered).toList();
    } catch (ClassCastException | DateTimeException | ArithmeticException | NumberFormatException e) {
      throw new ConnectException("offset: \"" + SENT + "\" is not as it was written: leave it out", e);
    }
  }

  private static List<SentRow> timed(List<String> rows, Position floor) {
    List<SentRow> sent = new ArrayList<>();
    Instant time = null;
    for (String row : rows) {
      int slash = row.indexOf('/');
      time = slash < 0 ? time : time(row.substring(0, slash), floor);
      if (time == null) {
        throw new DateTimeException("the first row has no time");
      }
      sent.add(new SentRow(time, number(row.substring(slash + 1))));
    }
    return sent;
  }

  private static SentRow numbered(String row) {
    return new SentRow(number(row), number(row));
  }

  /** Seconds from the floor, and nanoseconds: of tens of thousands of rows, whole times would be too much. */
  private String distance(Instant time) {
    String seconds = Long.toString(time.getEpochSecond() - begin(floor), Character.MAX_RADIX);
    return seconds + "." + Long.toString(time.getNano(), Character.MAX_RADIX);
  }

  private static Instant time(String text, Position floor) {
    if (text.indexOf(':') >= 0) {
      return Instant.parse(text); // whole, as it was written before
    }
    int point = text.indexOf('.');
    long seconds = number(text.substring(0, Math.max(point, 0)));
    return Instant.ofEpochSecond(Math.addExact(begin(floor), seconds), number(text.substring(point + 1)));
  }

  private static long begin(Position floor) {
    return floor == null ? 0 : floor.timestamp().getEpochSecond();
  }

  private static long number(String text) {
    return Long.parseLong(text, Character.MAX_RADIX);
  }
}
