package firth.connect.sftp;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * One of the equal shares into which the files of a folder fall by their names: what a task is given, and what Connect
 * keeps an offset of. Its files are read one after another.
 *
 * <p>An offset a file would never be given up by Connect; so there are a few, however many files come.
 */
final class Part {
  /** How many a folder has. It may not change: offsets would be looked for in other parts. */
  static final int COUNT = 16;

  private static final String PART = "part";
  private static final Pattern PARTITION = Pattern.compile("(.*)#(\\d{1,9})", Pattern.DOTALL);

  private final Map<String, ?> partition;
  private final Set<String> finished = new LinkedHashSet<>();
  private final Map<RemoteFile, Finished> uncleaned = new HashMap<>();
  private PartOffset begun;
  private String finishedText = "";

  /** A file that was read: behind which byte its last record ends, and whether it could not be read to its end. */
  private record Finished(long end, boolean failed) {}

  /** A file whose last record is committed, and whether it could not be read. */
  record Cleanable(RemoteFile file, boolean failed) {}

  /** As far as {@code offset}, which is null for a part of which nothing was read. */
  Part(Map<String, ?> partition, Map<String, ?> offset) {
    this.partition = partition;
    this.begun = PartOffset.read(offset);
    if (begun != null) {
      finished.addAll(begun.finished());
      finishedText = PartOffset.text(finished);
    }
  }

  /** What Connect keeps the offset of part {@code number} of that folder under. */
  static Map<String, String> partition(String folder, int number) {
    // One entry alone: Connect compares partitions as they are written, and two may be written in either order.
    return Map.of(PART, folder + "#" + number);
  }

  /**
   * The number in a partition of that folder, which a person may have written.
   *
   * @throws ConnectException saying what to write instead
   */
  static int number(Map<String, ?> partition, String folder) {
    if (partition.keySet().equals(Set.of(PART)) && partition.get(PART) instanceof String text) {
      Matcher matcher = PARTITION.matcher(text);
      if (matcher.matches() && matcher.group(1).equals(folder) && Integer.parseInt(matcher.group(2)) < COUNT) {
        return Integer.parseInt(matcher.group(2));
      }
    }
    throw new ConnectException("partition " + partition + ": write {\"part\": \"" + folder + "#0\"}, 0 to " + (COUNT - 1));
  }

  /** The number of the part that a file of that name falls into. */
  static int of(String name) {
    return Math.floorMod(name.hashCode(), COUNT);
  }

  Map<String, ?> partition() {
    return partition;
  }

  /** Whether that file was begun, by whoever, and not read to its end. */
  boolean isBegun(RemoteFile file) {
    return begun != null && begun.isOf(file) && !isFinished(file);
  }

  /** Whether that file was read to its end, or could not be. */
  boolean isFinished(RemoteFile file) {
    String mark = file.mark();
    return finished.contains(mark) || finished.contains(PartOffset.FAILED + mark);
  }

  /** Where reading that file begins. */
  Place begin(RemoteFile file) {
    return isBegun(file) ? begun.place() : Place.START;
  }

  /** The offset of a record of that file, in front of that place. */
  Map<String, ?> offset(RemoteFile file, Place place) {
    return PartOffset.of(file, place, finishedText);
  }

  /** That file was read; its last record ends there, at the begin where it has none. */
  void finish(RemoteFile file, Place end) {
    finish(file, file.mark(), new Finished(end.offset(), false));
  }

  /** That file cannot be read. */
  void fail(RemoteFile file) {
    finish(file, PartOffset.FAILED + file.mark(), new Finished(Long.MAX_VALUE, true));
  }

  /** Those that are read, as Connect's {@code stored} offset of this part tells. */
  List<Cleanable> committed(Map<String, ?> stored) {
    PartOffset offset = PartOffset.read(stored);
    List<Cleanable> done = new ArrayList<>();
    uncleaned.forEach(
        (file, end) -> {
          if (isCommitted(file, end, offset)) {
            done.add(new Cleanable(file, end.failed()));
          }
        });
    return done;
  }

  /** Whether there are any to clean up. */
  boolean hasUncleaned() {
    return !uncleaned.isEmpty();
  }

  /** That file is no more what it was. */
  void forget(RemoteFile file) {
    uncleaned.remove(file);
    String mark = file.mark();
    if (finished.remove(mark) | finished.remove(PartOffset.FAILED + mark)) {
      finishedText = PartOffset.text(finished);
    }
  }

  /** That file is to be left as it is, and remembered. */
  void leave(RemoteFile file) {
    uncleaned.remove(file);
  }

  /**
   * Takes note of all files of this part that the folder has: others need not be remembered.
   *
   * @param left whether files that were read, or that could not be, are left as they are
   */
  void retain(List<RemoteFile> files, Predicate<Boolean> left) {
    Set<String> marks = new LinkedHashSet<>();
    for (RemoteFile file : files) {
      String mark = file.mark();
      marks.add(mark);
      marks.add(PartOffset.FAILED + mark);
      boolean failed = finished.contains(PartOffset.FAILED + mark);
      if (isFinished(file) && !left.test(failed)) {
        uncleaned.putIfAbsent(file, new Finished(Long.MAX_VALUE, failed)); // an earlier task came no further
      }
    }
    if (finished.retainAll(marks)) {
      finishedText = PartOffset.text(finished);
    }
  }

  private void finish(RemoteFile file, String mark, Finished end) {
    finished.add(mark);
    finishedText = PartOffset.text(finished);
    uncleaned.put(file, end);
    if (begun != null && begun.isOf(file)) {
      begun = null;
    }
  }

  private static boolean isCommitted(RemoteFile file, Finished end, PartOffset stored) {
    if (end.end() <= 0) {
      return true;
    }
    if (stored == null) {
      return false;
    }
    String mark = (end.failed() ? PartOffset.FAILED : "") + file.mark();
    return stored.finished().contains(mark) || (stored.isOf(file) && stored.place().offset() >= end.end());
  }
}
