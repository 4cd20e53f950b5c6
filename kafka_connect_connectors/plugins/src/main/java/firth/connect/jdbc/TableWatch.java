package firth.connect.jdbc;

import firth.connect.BackOff;
import firth.connect.ConnectionSettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.apache.kafka.connect.connector.ConnectorContext;
import org.apache.kafka.connect.errors.ConnectException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks now and then which tables there are to read, and has Connect spread them over tasks anew when they change.
 *
 * <p>On a thread of its own: a database that does not answer must not keep Connect from its other work.
 */
final class TableWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TableWatch.class);

  private final JdbcSettings settings;
  private final Database database;
  private final ConnectorContext context;
  private final BackOff backOff;
  private final Thread thread;
  private volatile List<TableId> tables = List.of();

  TableWatch(JdbcSettings settings, Database database, ConnectorContext context) {
    this.settings = settings;
    this.database = database;
    this.context = context;
    this.backOff = ConnectionSettings.backOff(settings);
    this.thread = new Thread(this::run, "firth-jdbc-tables");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** The tables as they were last seen; none before the database has answered. */
  List<TableId> tables() {
    return tables;
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(look());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    } catch (ConnectException e) {
      context.raiseError(e);
    }
  }

  /** Milliseconds until the next look. */
  private long look() {
    try (Connection connection = database.connect()) {
      List<TableId> now = new Tables(settings, database.isPostgresql()).in(connection);
      backOff.reset();
      if (!now.equals(tables)) {
        LOG.info("tables to read: {}", now);
        tables = now;
        context.requestTaskReconfiguration();
      }
      return settings.getLong(JdbcSettings.TABLE_POLL);
    } catch (SQLException e) {
      return afterFailure(e);
    }
  }

  private long afterFailure(SQLException failure) {
    long pause = backOff.failed();
    if (SqlFailure.isForGood(failure) || backOff.exhausted()) {
      throw SqlFailure.fatal("tables could not be listed: ", failure, backOff.failures());
    }
    LOG.warn("tables could not be listed: {}; next try in {} ms", SqlFailure.sentence(failure), pause);
    return pause;
  }
}
