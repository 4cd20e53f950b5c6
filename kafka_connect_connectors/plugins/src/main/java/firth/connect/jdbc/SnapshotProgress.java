package firth.connect.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.connect.errors.ConnectException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * New rows of a PostgreSQL table: told by the transactions that wrote them, so that none is passed over, however late
 * it is committed.
 *
 * <p>A round reads what the transactions from {@code from} up to {@code until} wrote, all of which are over: {@code
 * until} is the oldest that is still running ({@code pg_snapshot_xmin}). What was committed in the meantime, and is not
 * behind the running ones, is read in the next round, be its id or time ever so low. The mode's columns give the order
 * within a round, so that it can be left and resumed at any row; and they spare the database from looking through the
 * whole table: {@link LowWater} says above which value late rows can only be.
 */
final class SnapshotProgress implements Progress {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotProgress.class);

  private static final long XIDS = 1L << 32; // a row has the last 32 bits of its transaction's id
  private static final String TABLE_AND_ROW = "r.tableoid, r.ctid"; // of a partition, and the place in it
  private static final int FIRST_LOOKS = 2;
  private static final Duration FIRST_PATIENCE = Duration.ofSeconds(10);
  private static final Duration HELD_BACK_LONG = Duration.ofMinutes(5);

  private final Source source;
  private final Layout layout;
  private final Bounds bounds;
  private final Duration timestampLookback;
  private final long incrementingLookback;
  private final LowWater<Object> lowWater = new LowWater<>();
  private final long started = System.nanoTime();

  private long from;
  private long until;
  private Object floor;
  private Position after;
  private volatile long heldBackSince;
  private boolean told;

  /** Goes on behind {@code offset}; from the first row on where that is null. */
  SnapshotProgress(Source source, Layout layout, JdbcSettings settings, Map<String, Object> offset) {
    this.source = source;
    this.layout = layout;
    this.bounds = new Bounds(layout);
    this.timestampLookback = settings.timestampLookback(Duration.ZERO);
    this.incrementingLookback = settings.incrementingLookback(0);
    SnapshotOffset known = SnapshotOffset.read(offset, settings);
    from = known.from();
    until = known.until();
    floor = bounds.usesTimestamp() ? known.floor().timestamp() : known.floor().incrementing();
    after = known.after();
  }

  @Override
  public Optional<PreparedStatement> begin(Connection connection) throws SQLException {
    if (until == 0 && !open(connection)) {
      return Optional.empty();
    }
    return Optional.of(select(connection));
  }

  /** Whether there is anything to be read; if so, the round is set. */
  private boolean open(Connection connection) throws SQLException {
    Snapshot now = look(connection);
    boolean first = from == 0;
    Optional<Object> level = lowWater.forTransactionsFrom(first ? now.oldest() : from);
    for (int again = 0; first && level.isEmpty() && again < FIRST_LOOKS; again++) {
      now = look(connection);
      level = lowWater.forTransactionsFrom(now.oldest());
    }
    noteHeldBack(now);
    if (first && level.isEmpty() && lowWater.isAwaited() && isEarly()) {
      return false;
    }
    if (now.oldest() <= from) {
      refuseOtherServer(now);
      return false;
    }
    floor = level.orElse(floor);
    until = now.oldest();
    return true;
  }

  private Snapshot look(Connection connection) throws SQLException {
    Object highest = bounds.highest(connection, source);
    Snapshot now = Snapshot.of(connection);
    lowWater.observe(highest, now.running(), now.next());
    return now;
  }

  private void refuseOtherServer(Snapshot now) {
    if (now.next() < from) {
      throw new ConnectException(
          source.name() + ": the server has had fewer transactions than were read from it: it is another one, or was"
              + " restored. Say behind which row to go on: stop the connector, then PATCH its offsets, with nothing but "
              + (bounds.usesTimestamp() ? SnapshotOffset.TIMESTAMP : SnapshotOffset.INCREMENTING));
    }
  }

  /** The first round waits a moment for the low water, see {@link #writers}. */
  private boolean isEarly() {
    return System.nanoTime() - started < FIRST_PATIENCE.toNanos();
  }

  private PreparedStatement select(Connection connection) throws SQLException {
    List<Object> parameters = new ArrayList<>();
    List<String> conditions = new ArrayList<>();
    conditions.add(bounds.expression() + " IS NOT NULL");
    conditions.add(writers(parameters));
    if (from > 0 && floor != null) {
      conditions.add(bounds.above(loweredFloor(), parameters));
    }
    if (after != null) {
      conditions.add(behind(parameters));
    }
    String sql =
        "SELECT r.*" + (goesByPlace() ? ", r.tableoid::text || r.ctid::text" : "") + " FROM " + source.from()
            + " WHERE " + String.join(" AND ", conditions)
            + " ORDER BY " + bounds.order(TABLE_AND_ROW);
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int index = 0; index < parameters.size(); index++) {
      statement.setObject(index + 1, parameters.get(index));
    }
    return statement;
  }

  /** That a row comes after the last one sent. */
  private String behind(List<Object> parameters) {
    if (!bounds.usesTimestamp()) {
      parameters.add(after.incrementing());
      return bounds.expression() + " > ?";
    }
    parameters.add(layout.parameter(after.timestamp()));
    if (layout.incrementing() != null) {
      parameters.add(after.incrementing());
      return "(" + bounds.order("") + ") > (?, ?)";
    }
    int table = after.row().indexOf('(');
    parameters.add(after.row().substring(0, table));
    parameters.add(after.row().substring(table));
    return "(" + bounds.order(TABLE_AND_ROW) + ") > (?, ?::oid, ?::tid)";
  }

  /**
   * That a row was written by a transaction of this round.
   *
   * <p>The first round takes all but what was written since. There a low bound matters: of a row that is billions of
   * transactions old, the last 32 bits of the id may look new, and it would never be read.
   */
  private String writers(List<Object> parameters) {
    if (from > 0) {
      parameters.add(from % XIDS);
      parameters.add(until - from);
      return distance() + " < ?";
    }
    parameters.add(until % XIDS);
    parameters.add(until);
    String since = distance() + " < (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint) - ?";
    return floor == null ? "NOT (" + since + ")" : "NOT (" + since + " AND " + bounds.above(floor, parameters) + ")";
  }

  /** How many transactions lie between the parameter and the row's. */
  private static String distance() {
    return "(r.xmin::text::bigint - ? + " + XIDS + ") % " + XIDS;
  }

  private Object loweredFloor() {
    return bounds.lowered(floor, timestampLookback, incrementingLookback);
  }

  @Override
  public int hiddenColumns() {
    return goesByPlace() ? 1 : 0;
  }

  /** Whether nothing but where they lie tells apart rows of one moment. */
  private boolean goesByPlace() {
    return layout.incrementing() == null;
  }

  @Override
  public boolean isNew(ResultSet row, RowShape shape) {
    return true; // the statement selects no other
  }

  @Override
  public Map<String, ?> sent(ResultSet row, RowShape shape) throws SQLException {
    Position position = shape.position(row);
    String place = goesByPlace() ? row.getString(shape.width() + 1) : null;
    boolean last = row.isLast();
    after = new Position(position.timestamp(), position.incrementing(), place);
    Position low = bounds.position(floor);
    return (last ? new SnapshotOffset(until, 0, low, after) : new SnapshotOffset(from, until, low, after)).written();
  }

  @Override
  public void end() {
    from = until;
    until = 0;
    after = null;
  }

  @Override
  public long heldBackMs() {
    return heldBackSince == 0 ? 0 : (System.nanoTime() - heldBackSince) / 1_000_000;
  }

  private void noteHeldBack(Snapshot now) {
    boolean heldBack = from > 0 && now.oldest() == from && now.next() > from;
    if (!heldBack) {
      heldBackSince = 0;
      told = false;
    } else if (heldBackSince == 0) {
      heldBackSince = System.nanoTime();
    } else if (!told && heldBackMs() > HELD_BACK_LONG.toMillis()) {
      told = true;
      LOG.warn(
          "{}: a transaction that has been running for over {} minutes holds back what was written since;"
              + " pg_stat_activity, ordered by xact_start, says which",
          source.name(),
          HELD_BACK_LONG.toMinutes());
    }
  }
}
