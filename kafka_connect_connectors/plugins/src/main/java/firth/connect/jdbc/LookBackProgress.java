package firth.connect.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
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
 * <p>A row that is committed so late that the highest is farther ahead by then is not found.
 */
final class LookBackProgress implements Progress {
  private static final Logger LOG = LoggerFactory.getLogger(LookBackProgress.class);

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final long IDS = 1000;
  private static final int MOST_KNOWN = 20_000; // sent rows that an offset names: beyond, it grows past a record's limit

  private final Source source;
  private final Layout layout;
  private final Bounds bounds;
  private final Duration timestampLookback;
  private final long incrementingLookback;

  private Object floor;
  private Object highest;
  private List<SentRow> sent;
  private Set<SentRow> known;
  private boolean told;

  /** Goes on behind {@code offset}; from the first row on where that is null. */
  LookBackProgress(Source source, Layout layout, JdbcSettings settings, Map<String, Object> offset) {
    this.source = source;
    this.layout = layout;
    this.bounds = new Bounds(layout);
    this.timestampLookback = settings.timestampLookback(MINUTE);
    this.incrementingLookback = settings.incrementingLookback(IDS);
    LookBackOffset before = LookBackOffset.read(offset, settings);
    floor = before.floor();
    highest = before.highest();
    keep(before.sent());
  }

  @Override
  public Optional<PreparedStatement> begin(Connection connection) throws SQLException {
    List<Object> parameters = new ArrayList<>();
    String above = floor == null ? "" : " AND " + bounds.above(floor, parameters);
    String sql =
        "SELECT r.* FROM " + source.from()
            + " WHERE " + bounds.expression() + " IS NOT NULL" + above
            + " ORDER BY " + bounds.order("");
    PreparedStatement statement = connection.prepareStatement(sql);
    if (!parameters.isEmpty()) {
      statement.setObject(1, parameters.get(0));
    }
    return Optional.of(statement);
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
    if (highest == null || isHigher(now.value(), highest)) {
      highest = now.value();
    }
    if (sent.size() >= 2 * MOST_KNOWN) {
      trim();
    }
    return new LookBackOffset(floor, highest, sent, sent.size()).lazily();
  }

  @Override
  public void end() {
    trim();
  }

  private void trim() {
    Object lowered = bounds.lowered(highest, timestampLookback, incrementingLookback);
    if (lowered != null && (floor == null || isHigher(lowered, floor))) {
      raise(lowered);
    }
    if (sent.size() > MOST_KNOWN) {
      forgetOldest();
    }
  }

  /** Rows below are not looked at any more, and need not be known. */
  private void raise(Object newFloor) {
    floor = newFloor;
    keep(sent.stream().filter(row -> isInside(row.value())).toList());
  }

  private void forgetOldest() {
    Object value = sent.get(sent.size() - MOST_KNOWN).value();
    if (floor != null && !isHigher(value, floor)) {
      throw new ConnectException(
          source.name() + ": over " + MOST_KNOWN + " rows have one and the same time of the last change, and cannot be"
              + " told apart safely: use mode timestamp+incrementing");
    }
    if (!told) {
      told = true;
      LOG.warn("{}: more rows within the look-back than can be remembered: it looks back less far", source.name());
    }
    raise(value);
  }

  private void keep(List<SentRow> rows) {
    // A list of its own: offsets that were handed out still read the one before.
    sent = new ArrayList<>(rows);
    known = new HashSet<>(rows);
  }

  /** As {@link Bounds#above} has it. */
  private boolean isInside(Object value) {
    return isHigher(value, floor) || (bounds.usesTimestamp() && value.equals(floor));
  }

  private static boolean isHigher(Object value, Object other) {
    return value instanceof Instant instant
        ? instant.isAfter((Instant) other)
        : (Long) value > (Long) other;
  }

  private SentRow identity(ResultSet row, RowShape shape) throws SQLException {
    Position position = shape.position(row);
    if (layout.incrementing() != null) {
      return new SentRow(bounds.value(position), position.incrementing());
    }
    return new SentRow(position.timestamp(), shape.hash(row, layout.primaryKey()));
  }
}
