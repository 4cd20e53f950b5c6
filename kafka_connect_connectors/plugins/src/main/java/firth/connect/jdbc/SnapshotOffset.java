package firth.connect.jdbc;

import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * How far a PostgreSQL table is read, as Connect keeps it.
 *
 * <p>Whoever edits it over HTTP gives {@code incrementing} or {@code timestamp} (or both, as the mode goes), and
 * nothing else: reading then begins behind that.
 *
 * @param from what transactions before this one wrote has been sent
 * @param until where the round under way ends; 0 when none is
 * @param floor see {@link LowWater}
 * @param after the last row sent, of the round under way
 */
record SnapshotOffset(long from, long until, Position floor, Position after) {
  static final String FROM = "transactions.sent";
  static final String UNTIL = "transactions.reading";
  static final String FLOOR = "floor";
  static final String INCREMENTING = "incrementing";
  static final String TIMESTAMP = "timestamp";
  static final String ROW = "row";

  /** What {@link #written} wrote, or a person; null is the beginning. */
  static SnapshotOffset read(Map<String, Object> offset, JdbcSettings settings) {
    Map<String, Object> known = offset == null ? Map.of() : offset;
    long from = OffsetValues.whole(known, FROM, 0L);
    long until = OffsetValues.whole(known, UNTIL, 0L);
    Position floor =
        settings.mode().usesTimestamp()
            ? new Position(OffsetValues.instant(known, FLOOR), null, null)
            : new Position(null, OffsetValues.whole(known, FLOOR, null), null);
    boolean roundIsOver = from > 0 && until == 0;
    Position after = roundIsOver ? null : after(known, settings);
    return new SnapshotOffset(from, until, floor, after);
  }

  private static Position after(Map<String, Object> known, JdbcSettings settings) {
    Instant timestamp = OffsetValues.instant(known, TIMESTAMP);
    Long incrementing = OffsetValues.whole(known, INCREMENTING, null);
    if (settings.mode() == Mode.INCREMENTING) {
      return incrementing == null ? null : new Position(null, incrementing, null);
    }
    if (timestamp == null) {
      Instant initial = settings.initialTimestamp();
      return initial == null ? null : Position.justBefore(initial);
    }
    Position before = Position.justBefore(timestamp);
    Object row = known.get(ROW);
    return new Position(
        timestamp,
        incrementing == null ? before.incrementing() : incrementing,
        row == null ? before.row() : row.toString());
  }

  /** The form in which Connect keeps it. */
  Map<String, Object> written() {
    Map<String, Object> map = new HashMap<>();
    map.put(FROM, from);
    if (until != 0) {
      map.put(UNTIL, until);
    }
    put(map, FLOOR, floor.timestamp() == null ? floor.incrementing() : floor.timestamp());
    put(map, INCREMENTING, after.incrementing());
    put(map, TIMESTAMP, after.timestamp());
    put(map, ROW, after.row());
    return map;
  }

  private static void put(Map<String, Object> map, String name, Object value) {
    if (value != null) {
      map.put(name, value instanceof Instant ? value.toString() : value);
    }
  }
}
