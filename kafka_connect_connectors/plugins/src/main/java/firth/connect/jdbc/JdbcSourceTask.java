package firth.connect.jdbc;

import firth.connect.ConnectionSettings;
import firth.connect.Retries;
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

  private static final long IDLE_SECONDS = 20; // after which a paused task lets go of its connection

  private JdbcSettings settings;
  private Database database;
  private volatile Turns turns;
  private Retries retries;
  private ScheduledExecutorService idle;

  @Override
  public void start(Map<String, String> properties) {
    settings = new JdbcSettings(properties);
    database = new Database(settings, "firth-jdbc");
    TaskMetrics metrics = new TaskMetrics(context.pluginMetrics());
    retries = new Retries(ConnectionSettings.backOff(settings), metrics, LOG);
    metrics.gauge(
        "held-back-ms",
        "For how long what was written cannot be read, for a transaction that is still running",
        this::heldBackMs);
    idle = Executors.newSingleThreadScheduledExecutor(work -> daemon(work));
    idle.scheduleWithFixedDelay(this::leaveIfIdle, IDLE_SECONDS, IDLE_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public List<SourceRecord> poll() throws InterruptedException {
    if (!retries.isTime()) {
      return null;
    }
    try {
      List<SourceRecord> records = turns().take(settings.getInt(JdbcSettings.BATCH), Retries.LONGEST_WAIT_MS);
      if (records != null) {
        retries.succeeded();
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
    if (!retries.failed(SqlFailure.sentence(failure), SqlFailure.isForGood(failure))) {
      throw SqlFailure.fatal("", failure, retries.failures());
    }
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
