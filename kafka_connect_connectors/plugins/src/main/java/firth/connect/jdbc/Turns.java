package firth.connect.jdbc;

import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Whose turn it is. A reader keeps its turn until its round is over, but not for long while others wait; its next round
 * is due a poll interval after the begin of this one.
 */
final class Turns {
  private static final long LONGEST_TURN = TimeUnit.SECONDS.toNanos(5);

  private final List<TableReader> readers;
  private final PriorityQueue<Turn> waiting = new PriorityQueue<>(Comparator.comparingLong(Turn::due));
  private final long interval;
  private Turn current;

  Turns(List<TableReader> readers, long pollIntervalMs) {
    this.readers = readers;
    this.interval = TimeUnit.MILLISECONDS.toNanos(pollIntervalMs);
    long now = System.nanoTime();
    readers.forEach(reader -> waiting.add(new Turn(reader, now)));
  }

  /** The records of whoever's turn it is; null where nobody's came within {@code waitMs}. */
  List<SourceRecord> take(int most, long waitMs) throws SQLException, InterruptedException {
    if (current == null && !next(waitMs)) {
      return null;
    }
    TableReader reader = current.reader();
    try {
      List<SourceRecord> records = reader.read(most);
      if (!reader.isInRound()) {
        pass(current.due() + interval);
      } else if (isOverdue()) {
        reader.leave();
        pass(System.nanoTime());
      }
      return records;
    } catch (SQLException e) {
      pass(System.nanoTime());
      throw e;
    }
  }

  /** The longest that any reader is held back. */
  long heldBackMs() {
    return readers.stream().mapToLong(TableReader::heldBackMs).max().orElse(0);
  }

  void leaveIfIdle(long nanos) {
    readers.forEach(reader -> reader.leaveIfIdle(nanos));
  }

  private boolean next(long waitMs) throws InterruptedException {
    Turn first = waiting.peek();
    long wait = first == null ? waitMs : TimeUnit.NANOSECONDS.toMillis(first.due() - System.nanoTime());
    if (wait > 0) {
      Thread.sleep(Math.min(wait, waitMs));
    }
    if (first == null || wait > waitMs) {
      return false;
    }
    // From here on, not from when it was due: rounds that were late are not made up for.
    current = new Turn(waiting.remove().reader(), System.nanoTime());
    return true;
  }

  private boolean isOverdue() {
    Turn first = waiting.peek();
    long now = System.nanoTime();
    return first != null && first.due() <= now && now - current.due() > LONGEST_TURN;
  }

  private void pass(long due) {
    waiting.add(new Turn(current.reader(), due));
    current = null;
  }

  /** A reader, and when it is due or, of the current one, when its turn began. */
  private record Turn(TableReader reader, long due) {}
}
