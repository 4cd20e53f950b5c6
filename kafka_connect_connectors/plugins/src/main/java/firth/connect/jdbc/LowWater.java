package firth.connect.jdbc;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A value of the column that reading goes by, below which no running transaction can write any more.
 *
 * <p>A mark is the highest value at a moment, with the transactions that ran then. Whoever began later writes above it,
 * for ids come from a sequence and times from a clock. So when those transactions are over, and all that they wrote
 * lies behind the reader, the mark is the low water. Transactions are known by their virtual ids, which they have from
 * their first statement on; the real id comes with the first write, and may come after the value is drawn.
 *
 * @param <V> the column's values
 */
final class LowWater<V> {
  private V mark;
  private Set<String> ranThen;
  private long overSince;
  private V level;

  /**
   * Hear what is running.
   *
   * @param highest the highest value so far, asked for before {@code running} was; null where there is none
   * @param running the virtual ids of all transactions
   * @param next the id that the next transaction would get, asked for after {@code running} was
   */
  void observe(V highest, Set<String> running, long next) {
    if (ranThen == null) {
      if (highest != null) {
        mark = highest;
        ranThen = new HashSet<>(running);
        overSince = 0;
      }
      return;
    }
    ranThen.retainAll(running);
    if (ranThen.isEmpty() && overSince == 0) {
      overSince = next;
    }
  }

  /** Whether there is a mark that may become the low water. */
  boolean isAwaited() {
    return ranThen != null;
  }

  /** The low water for transactions from {@code id} on: all that they wrote or will write is above. */
  Optional<V> forTransactionsFrom(long id) {
    if (overSince != 0 && id >= overSince) {
      level = mark;
      ranThen = null;
      overSince = 0;
    }
    return Optional.ofNullable(level);
  }
}
