package firth.connect.jdbc;

/**
 * How many rows to ask the database for at once, all of which the driver holds: a few at first, then up to twice as many
 * each time, as long as those before let expect that they stay within a number of bytes.
 */
final class FetchSize {
  private static final int FIRST = 16;

  private final int mostRows;
  private final long mostBytes;
  private int rows;
  private int passed;
  private int measured;
  private long bytes;

  /** No more rows than {@code mostRows}, at least one. */
  FetchSize(int mostRows, long mostBytes) {
    this.mostRows = mostRows;
    this.mostBytes = mostBytes;
    rows = Math.min(FIRST, mostRows);
  }

  /** To be asked for from now on. */
  int rows() {
    return rows;
  }

  /** A row takes so many bytes. */
  void measured(long size) {
    measured++;
    bytes += size;
  }

  /** Another row was passed, measured or not; whether {@link #rows} is another from here on. */
  boolean isChanged() {
    passed++;
    // One row early: asked whether a row is the last of all, the driver fetches further rows already.
    if (passed < rows - 1) {
      return false;
    }
    int before = rows;
    if (measured > 0) {
      long fit = Math.max(1, mostBytes * measured / Math.max(1, bytes));
      rows = (int) Math.min(Math.min(fit, mostRows), 2L * before);
    }
    passed = 0;
    measured = 0;
    bytes = 0;
    return rows != before;
  }
}
