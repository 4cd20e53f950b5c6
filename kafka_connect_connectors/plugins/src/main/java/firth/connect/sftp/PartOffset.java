package firth.connect.sftp;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * How far a {@link Part} was read, as Connect keeps it.
 *
 * @param file the name of the file that was read last
 * @param modified as of {@link RemoteFile}; null where a person did not give it: any file of that name is meant
 * @param size as modified
 * @param place behind the last record that was sent
 * @param finished marks of other files of the folder that were read before; of those that could not be, with
 *     {@link #FAILED} before it
 */
record PartOffset(String file, Long modified, Long size, Place place, Set<String> finished) {
  static final String FILE = "file";
  static final String MODIFIED = "modified";
  static final String SIZE = "size";
  static final String LINE = "line";
  static final String BYTE = "byte";
  static final String FINISHED = "finished";
  static final String FAILED = "!";

  /**
   * What Connect keeps, which a person may have written; null for nothing.
   *
   * @throws ConnectException saying what is wrong with it
   */
  static PartOffset read(Map<String, ?> offset) {
    if (offset == null || offset.isEmpty()) {
      return null;
    }
    if (!(offset.get(FILE) instanceof String file)) {
      throw new ConnectException("offset: has no \"file\"; write {\"file\": \"a.csv\", \"line\": 1000}");
    }
    Long line = whole(offset, LINE);
    if (line == null || line < 0) {
      throw new ConnectException("offset: has no \"line\"; write {\"file\": \"a.csv\", \"line\": 1000}");
    }
    Long offsetInFile = whole(offset, BYTE);
    Place place = new Place(line, offsetInFile == null ? -1 : offsetInFile);
    return new PartOffset(file, whole(offset, MODIFIED), whole(offset, SIZE), place, marks(offset.get(FINISHED)));
  }

  /** As Connect keeps it; {@code finished} as {@link #text} makes it. */
  static Map<String, ?> of(RemoteFile file, Place place, String finished) {
    return Map.of(
        FILE, file.name(),
        MODIFIED, file.modified(),
        SIZE, file.size(),
        LINE, place.line(),
        BYTE, place.offset(),
        FINISHED, finished);
  }

  /** Marks as one text. */
  static String text(Set<String> finished) {
    return String.join(",", finished);
  }

  /** Whether the file that was read last is this one. */
  boolean isOf(RemoteFile other) {
    return file.equals(other.name())
        && (modified == null || modified == other.modified())
        && (size == null || size == other.size());
  }

  private static Set<String> marks(Object text) {
    boolean any = text instanceof String given && !given.isEmpty();
    return any ? new LinkedHashSet<>(Arrays.asList(((String) text).split(","))) : Set.of();
  }

  private static Long whole(Map<String, ?> offset, String name) {
    Object value = offset.get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof Long || value instanceof Integer) {
      return ((Number) value).longValue();
    }
    throw new ConnectException("offset: \"" + name + "\" is no whole number");
  }
}
