package firth.connect.jdbc;

import firth.connect.BackOff;
import firth.connect.TaskMetrics;
import firth.connect.Version;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the tables of one task in turns. Each poll is of one table, and of one Kafka transaction with exactly-once. */
public final class JdbcSourceTask extends SourceTask {
  private static final Logger LOG = LoggerFactory.getLogger(JdbcSourceTask.class);

  private static final long LONGEST_WAIT_MS = 500; // in a poll: Connect pauses and stops a task between two
  private static final long IDLE_SECONDS = 20; // after which a paused task lets go of its connection

  private JdbcSettings settings;
  private Database database;
  private volatile Turns turns;
  private BackOff backOff;
  private TaskMetrics metrics;
  private ScheduledExecutorService idle;
  private long retryAt;

  @Override
  public void start(Map<String, String> properties) {
    settings = new JdbcSettings(properties);
    database = new Database(settings, "firth-jdbc");
    backOff = new BackOff(settings.getLong(JdbcSettings.BACKOFF), settings.getInt(JdbcSettings.ATTEMPTS));
    retryAt = System.nanoTime();
    metrics = new TaskMetrics(context.pluginMetrics());
    metrics.gauge(
        "held-back-ms",
        "For how long what was written cannot be read, for a transaction that is still running",
        this::heldBackMs);
    idle = Executors.newSingleThreadScheduledExecutor(work -> daemon(work));
    idle.scheduleWithFixedDelay(this::leaveIfIdle, IDLE_SECONDS, IDLE_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public List<SourceRecord> poll() throws InterruptedException {
    if (!isTime(retryAt)) {
      return null;
    }
    try {
      List<SourceRecord> records = turns().take(settings.getInt(JdbcSettings.BATCH), LONGEST_WAIT_MS);
      if (records != null) {
        backOff.reset();
        metrics.answered();
      }
      return records == null || records.isEmpty() ? null : records;
    } catch (SQLException e) {
      retryLater(e);
      return null;
    }
  }

  @Override
  public void stop() {
    if (idle != null) {
      idle.shutdownNow();
      database.close();
    }
  }

  @Override
  public String version() {
    return Version.current();
  }

  /** Made at the first poll: how names are quoted is only known to the database. */
  private Turns turns() throws SQLException {
    if (turns == null) {
      List<TableReader> readers = sources().stream().map(this::reader).toList();
      turns = new Turns(readers, settings.getLong(JdbcSettings.POLL));
    }
    return turns;
  }

  private List<Source> sources() throws SQLException {
    String prefix = settings.getString(JdbcSettings.PREFIX);
    if (!settings.query().isEmpty()) {
      return List.of(Source.ofQuery(settings.query(), prefix));
    }
    try (Connection connection = database.connect()) {
      String quote = connection.getMetaData().getIdentifierQuoteString().strip();
      List<TableId> tables = TableId.split(settings.originalsStrings().get(JdbcSettings.TASK_TABLES));
      return tables.stream().map(table -> Source.of(table, quote, prefix)).toList();
    }
  }

  private TableReader reader(Source source) {
    Map<String, Object> offset = context.offsetStorageReader().offset(source.partition());
    return new TableReader(source, settings, database, offset);
  }

  private void retryLater(SQLException failure) {
    long pause = backOff.failed();
    metrics.failed(backOff.failures());
    if (SqlFailure.isForGood(failure) || backOff.exhausted()) {
      throw SqlFailure.fatal("", failure, backOff.failures());
    }
    LOG.warn("{}; next try in {} ms", SqlFailure.sentence(failure), pause);
    retryAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause);
  }

  private static boolean isTime(long nanos) throws InterruptedException {
    long left = TimeUnit.NANOSECONDS.toMillis(nanos - System.nanoTime());
    if (left > 0) {
      Thread.sleep(Math.min(left, LONGEST_WAIT_MS));
    }
    return left <= LONGEST_WAIT_MS;
  }

  private long heldBackMs() {
    Turns now = turns;
    return now == null ? 0 : now.heldBackMs();
  }

  private void leaveIfIdle() {
    Turns now = turns;
    if (now != null) {
      now.leaveIfIdle(TimeUnit.SECONDS.toNanos(IDLE_SECONDS));
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "firth-jdbc-idle");
    thread.setDaemon(true);
    return thread;
  }
}
