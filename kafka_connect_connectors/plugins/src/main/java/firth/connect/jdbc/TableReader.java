package firth.connect.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Reads one source, round after round. A round may be left at any row, which gives its connection back, and is gone on
 * with at the next read.
 *
 * <p>Safe for other threads that call {@link #leaveIfIdle} and {@link #heldBackMs}.
 */
final class TableReader {
  /** The header that tells where a record comes from. */
  static final String TABLE_HEADER = "source.table";
  /** The header that tells when the source was looked at, in milliseconds since 1970: no row is newer than that. */
  static final String TIME_HEADER = "source.read.ms";

  private static final long MOST_BYTES = 4 << 20; // of a read, so that long rows do not fill the memory

  private final Source source;
  private final JdbcSettings settings;
  private final Database database;
  private final Map<String, Object> offset;

  private volatile Progress progress;
  private Layout layout;
  private RowShape shape;
  private Connection connection;
  private PreparedStatement statement;
  private ResultSet rows;
  private FetchSize fetch;
  private long lastRead;
  private long looked;

  /** Begins behind {@code offset}, of the same source; at the first row where that is null. */
  TableReader(Source source, JdbcSettings settings, Database database, Map<String, Object> offset) {
    this.source = source;
    this.settings = settings;
    this.database = database;
    this.offset = offset;
  }

  Source source() {
    return source;
  }

  /** Whether a round is under way, and there may be more to read at once. */
  synchronized boolean isInRound() {
    return rows != null;
  }

  /** See {@link Progress#heldBackMs}. */
  long heldBackMs() {
    Progress now = progress;
    return now == null ? 0 : now.heldBackMs();
  }

  /**
   * The next records, {@code most} at a time, and of some megabytes; none where nothing is new.
   *
   * @throws SQLException after which the next read goes on behind the last record that was returned
   */
  synchronized List<SourceRecord> read(int most) throws SQLException {
    List<SourceRecord> records = new ArrayList<>();
    try {
      if (rows != null || begin()) {
        readInto(records, most);
      }
    } catch (SQLException e) {
      leave();
      if (records.isEmpty()) {
        throw e;
      }
      // Those count as sent. What is wrong will be met again at the next read.
    }
    lastRead = System.nanoTime();
    return records;
  }

  /** Give the connection back in the middle of a round, to go on later. */
  synchronized void leave() {
    close(rows);
    close(statement);
    close(connection);
    rows = null;
    statement = null;
    connection = null;
  }

  /** Leave a round that nobody has asked for more of for so long: the connector is paused, say. */
  synchronized void leaveIfIdle(long nanos) {
    if (rows != null && System.nanoTime() - lastRead > nanos) {
      leave();
    }
  }

  private boolean begin() throws SQLException {
    connection = database.connect();
    if (progress == null) {
      prepare();
    }
    Optional<PreparedStatement> found = progress.begin(connection);
    if (found.isEmpty()) {
      leave();
      return false;
    }
    statement = found.get();
    fetch = new FetchSize(settings.fetchSize(), MOST_BYTES);
    statement.setFetchSize(fetch.rows());
    looked = System.currentTimeMillis();
    rows = statement.executeQuery();
    shape = new RowShape(rows.getMetaData(), progress.hiddenColumns(), source, layout, settings).orSame(shape);
    return true;
  }

  private void prepare() throws SQLException {
    layout = Layout.of(connection, source, settings);
    if (settings.mode() == Mode.BULK) {
      progress = new BulkProgress(source);
    } else if (database.isPostgresql() && Snapshot.tellsOf(connection, source)) {
      progress = new SnapshotProgress(source, layout, settings, offset);
    } else {
      boolean tells = database.isPostgresql() && !Snapshot.isOnStandby(connection);
      progress = new LookBackProgress(source, layout, settings, offset, tells ? new LowWater<>() : null);
    }
  }

  private void readInto(List<SourceRecord> records, int most) throws SQLException {
    long bytes = 0;
    while (records.size() < most && bytes < MOST_BYTES) {
      if (!rows.next()) {
        leave();
        progress.end();
        return;
      }
      if (progress.isNew(rows, shape)) {
        Struct value = shape.value(rows);
        records.add(record(value));
        long size = RowShape.size(value);
        fetch.measured(size);
        bytes += size;
      }
      if (fetch.isChanged()) {
        rows.setFetchSize(fetch.rows());
      }
    }
  }

  private SourceRecord record(Struct value) throws SQLException {
    return new SourceRecord(
        source.partition(),
        progress.sent(rows, shape),
        source.topic(),
        null,
        shape.keySchema(),
        shape.key(value),
        shape.valueSchema(),
        value,
        null,
        new ConnectHeaders().addString(TABLE_HEADER, source.name()).addLong(TIME_HEADER, looked));
  }

  private static void close(AutoCloseable resource) {
    if (resource != null) {
      try {
        resource.close();
      } catch (Exception e) {
        // What is closed is of no use any more; a broken connection cannot be closed properly.
      }
    }
  }
}
