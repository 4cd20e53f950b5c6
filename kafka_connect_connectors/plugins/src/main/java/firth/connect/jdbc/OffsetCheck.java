package firth.connect.jdbc;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.connect.errors.ConnectException;

/** Whether reading can begin behind an offset that a person wrote. */
final class OffsetCheck {
  private static final Set<String> KNOWN =
      Set.of(
          SnapshotOffset.FROM,
          SnapshotOffset.UNTIL,
          SnapshotOffset.FLOOR,
          SnapshotOffset.INCREMENTING,
          SnapshotOffset.TIMESTAMP,
          SnapshotOffset.ROW,
          LookBackOffset.FLOOR_ID,
          LookBackOffset.SENT);

  private OffsetCheck() {}

  /** Throws ConnectException with what to write instead. {@code offset} is null where one is to be forgotten. */
  static void check(JdbcSettings settings, Map<String, ?> partition, Map<String, ?> offset) {
    String kind = settings.query().isEmpty() ? "table" : "query";
    if (!partition.keySet().equals(Set.of(kind)) || !(partition.get(kind) instanceof String)) {
      throw new ConnectException(
          "partition " + partition + ": write {\"" + kind + "\": "
              + (kind.equals("table") ? "\"schema.table\"}" : "\"" + settings.getString(JdbcSettings.PREFIX) + "\"}"));
    }
    if (offset != null) {
      checkOffset(settings, new HashMap<>(offset));
    }
  }

  private static void checkOffset(JdbcSettings settings, Map<String, Object> offset) {
    Mode mode = settings.mode();
    if (mode == Mode.BULK) {
      throw new ConnectException("offset: mode bulk has none to begin behind");
    }
    for (String name : offset.keySet()) {
      if (!KNOWN.contains(name)) {
        throw new ConnectException("offset: \"" + name + "\" is not known; " + example(mode));
      }
    }
    String needed = mode.usesTimestamp() ? SnapshotOffset.TIMESTAMP : SnapshotOffset.INCREMENTING;
    if (offset.get(needed) == null) {
      throw new ConnectException("offset: has no \"" + needed + "\"; " + example(mode));
    }
    SnapshotOffset.read(offset, settings);
    LookBackOffset.read(offset, settings);
  }

  private static String example(Mode mode) {
    return "write "
        + switch (mode) {
          case INCREMENTING, BULK -> "{\"incrementing\": 1000}";
          case TIMESTAMP -> "{\"timestamp\": \"2026-01-31T12:00:00Z\"}";
          case TIMESTAMP_INCREMENTING -> "{\"timestamp\": \"2026-01-31T12:00:00Z\", \"incrementing\": 1000}";
        };
  }
}
