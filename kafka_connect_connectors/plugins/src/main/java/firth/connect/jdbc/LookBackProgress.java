package firth.connect.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.connect.errors.ConnectException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * New rows where the database does not tell which transactions are running, and of queries: each round reads again what
 * lies within the look-back behind the highest row, and drops what was sent before.
 *
 * <p>A row that is committed so late that the highest is farther ahead by then is not found. On PostgreSQL the look-back
 * grows until nobody who is still running can write below it ({@link LowWater}), as far as rows can be remembered.
 */
final class LookBackProgress implements Progress {
  private static final Logger LOG = LoggerFactory.getLogger(LookBackProgress.class);

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final long IDS = 1000;
  private static final int MOST_KNOWN = 20_000; // sent rows that an offset names: beyond, it grows past a record's limit
  private static final int MORE_WITHIN_A_ROUND = 5_000; // so that not every row has all looked through

  private final Source source;
  private final Layout layout;
  private final Bounds bounds;
  private final Duration timestampLookback;
  private final long incrementingLookback;
  private final LowWater<Object> lowWater;

  private Position floor;
  private Object highest;
  private List<SentRow> sent;
  private Set<SentRow> known;
  private int most = MOST_KNOWN + MORE_WITHIN_A_ROUND;
  private Object level;
  private boolean told;

  /**
   * Goes on behind {@code offset}; from the first row on where that is null.
   *
   * @param lowWater null where the database does not tell which transactions are running
   */
  LookBackProgress(
      Source source, Layout layout, JdbcSettings settings, Map<String, Object> offset, LowWater<Object> lowWater) {
    this.source = source;
    this.layout = layout;
    this.bounds = new Bounds(layout);
    this.timestampLookback = settings.timestampLookback(MINUTE);
    this.incrementingLookback = settings.incrementingLookback(IDS);
    this.lowWater = lowWater;
    LookBackOffset before = LookBackOffset.read(offset, settings);
    floor = before.floor();
    highest = before.highest();
    keep(before.sent());
  }

  @Override
  public Optional<PreparedStatement> begin(Connection connection) throws SQLException {
    if (lowWater != null) {
      look(connection);
    }
    List<Object> parameters = new ArrayList<>();
    String above = floor == null ? "" : " AND " + bounds.above(floor, parameters);
    String sql =
        "SELECT r.* FROM " + source.from()
            + " WHERE " + bounds.expression() + " IS NOT NULL" + above
            + " ORDER BY " + bounds.order("");
    PreparedStatement statement = connection.prepareStatement(sql);
    for (int index = 0; index < parameters.size(); index++) {
      statement.setObject(index + 1, parameters.get(index));
    }
    return Optional.of(statement);
  }

  /** Before rows are read, so that whatever was written below the level is among them. */
  private void look(Connection connection) throws SQLException {
    Snapshot now = Snapshot.of(connection);
    lowWater.observe(highest, now.running(), now.next());
    level = lowWater.forTransactionsFrom(now.oldest()).orElse(null);
  }

  @Override
  public int hiddenColumns() {
    return 0;
  }

  @Override
  public boolean isNew(ResultSet row, RowShape shape) throws SQLException {
    return !known.contains(identity(row, shape));
  }

  @Override
  public Map<String, ?> sent(ResultSet row, RowShape shape) throws SQLException {
    SentRow now = identity(row, shape);
    sent.add(now);
    known.add(now);
    if (highest == null || SentRow.compare(now.value(), highest) > 0) {
      highest = now.value();
    }
    if (sent.size() > most) {
      trim(now);
    }
    return new LookBackOffset(floor, highest, sent, sent.size()).lazily();
  }

  @Override
  public void end() {
    trim(null);
  }

  /** Forgets what need not be known. Rows behind {@code reached} are still to be read; it is null where none are. */
  private void trim(SentRow reached) {
    Object lowered = lowered();
    if (lowered != null && reached != null && SentRow.compare(lowered, reached.value()) > 0) {
      lowered = reached.value();
    }
    if (lowered != null && (floor == null || SentRow.compare(lowered, bounds.value(floor)) > 0)) {
      raise(bounds.position(lowered));
    }
    if (sent.size() > MOST_KNOWN) {
      forgetLowest(reached);
    }
    most = Math.max(sent.size(), MOST_KNOWN) + MORE_WITHIN_A_ROUND;
  }

  /** How far back to look; null where that is not to change. */
  private Object lowered() {
    Object lowered = bounds.lowered(highest, timestampLookback, incrementingLookback);
    if (lowWater == null || lowered == null) {
      return lowered;
    }
    return level == null || SentRow.compare(level, lowered) < 0 ? level : lowered;
  }

  private void forgetLowest(SentRow reached) {
    SentRow edge = sent.stream().sorted().skip(sent.size() - MOST_KNOWN).findFirst().orElseThrow();
    if (reached != null && edge.compareTo(reached) > 0) {
      edge = reached; // those above are of earlier rounds, and no more than may be known
    }
    refuseOneMoment(edge.value());
    if (!told) {
      told = true;
      LOG.warn("{}: looks back no farther than {} rows; what is committed later is not found", source.name(), MOST_KNOWN);
    }
    raise(bounds.at(edge));
  }

  /** Where the mode has no ids, rows of one moment cannot be told apart but by naming all of them. */
  private void refuseOneMoment(Object time) {
    if (layout.incrementing() == null && sent.stream().filter(row -> row.value().equals(time)).count() > MOST_KNOWN) {
      throw new ConnectException(
          source.name() + ": over " + MOST_KNOWN + " rows have one and the same time of the last change, and cannot be"
              + " told apart safely: use mode timestamp+incrementing");
    }
  }

  /** Rows below are not looked at any more, and need not be known. */
  private void raise(Position newFloor) {
    floor = newFloor;
    keep(sent.stream().filter(row -> bounds.isAbove(row, floor)).toList());
  }

  private void keep(List<SentRow> rows) {
    // A list of its own: offsets that were handed out still read the one before.
    sent = new ArrayList<>(rows);
    known = new HashSet<>(rows);
  }

  private SentRow identity(ResultSet row, RowShape shape) throws SQLException {
    Position position = shape.position(row);
    if (layout.incrementing() != null) {
      return new SentRow(bounds.value(position), position.incrementing());
    }
    return new SentRow(position.timestamp(), shape.hash(row, layout.primaryKey()));
  }
}
