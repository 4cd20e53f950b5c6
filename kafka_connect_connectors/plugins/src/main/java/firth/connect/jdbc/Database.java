package firth.connect.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import firth.connect.ConnectionSettings;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Executor;
import org.apache.kafka.common.config.types.Password;

/** The database that is read: one connection at a time, that does not change anything and does not wait for ever. */
final class Database implements AutoCloseable {
  private static final String POSTGRESQL = "jdbc:postgresql:";
  private static final Executor AT_ONCE = Runnable::run;
  private static final long KEEP_ALIVE_MS = 60_000;

  private final HikariDataSource connections;
  private final int readTimeout;
  private final boolean postgresql;

  /** Connects when first asked to. {@code name} tells the pool's threads apart, and the server who is connected. */
  Database(JdbcSettings settings, String name) {
    String url = settings.getString(JdbcSettings.URL);
    postgresql = url.startsWith(POSTGRESQL);
    readTimeout = settings.getInt(ConnectionSettings.READ_TIMEOUT);
    connections = new HikariDataSource(pool(settings, url, name));
  }

  /** The driver of the plugin's folder that takes {@code url}. */
  static Optional<Driver> driver(String url) {
    // Not asked of DriverManager: it knows the drivers of whichever plugin was there first.
    return ServiceLoader.load(Driver.class, Database.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .filter(driver -> accepts(driver, url))
        .findFirst();
  }

  /** Whether the database tells which transactions are still running. */
  boolean isPostgresql() {
    return postgresql;
  }

  /**
   * A connection in a transaction that only reads, to be closed by the caller before the next is asked for.
   *
   * @throws SQLException where there is none within the time that the settings give
   */
  Connection connect() throws SQLException {
    Connection connection = connections.getConnection();
    try {
      connection.setNetworkTimeout(AT_ONCE, readTimeout);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** Ends whatever is going on, too. */
  @Override
  public void close() {
    connections.close();
  }

  private static HikariConfig pool(JdbcSettings settings, String url, String name) {
    HikariConfig config = new HikariConfig();
    config.setPoolName(name);
    config.setJdbcUrl(url);
    driver(url).ifPresent(driver -> config.setDriverClassName(driver.getClass().getName()));
    config.setUsername(settings.getString(JdbcSettings.USER));
    Password password = settings.getPassword(JdbcSettings.PASSWORD);
    config.setPassword(password == null ? null : password.value());
    config.setMaximumPoolSize(1);
    config.setReadOnly(true);
    config.setAutoCommit(false); // PostgreSQL streams rows inside of a transaction only
    config.setTransactionIsolation("TRANSACTION_READ_COMMITTED");
    config.setConnectionTimeout(settings.getLong(ConnectionSettings.CONNECT_TIMEOUT));
    config.setInitializationFailTimeout(-1);
    config.setKeepaliveTime(KEEP_ALIVE_MS);
    if (url.startsWith(POSTGRESQL)) {
      config.addDataSourceProperty("ApplicationName", name);
      config.addDataSourceProperty("tcpKeepAlive", "true");
      config.addDataSourceProperty("connectTimeout", String.valueOf(settings.getLong(ConnectionSettings.CONNECT_TIMEOUT) / 1000));
    }
    for (Map.Entry<String, String> property : settings.driverProperties().entrySet()) {
      config.addDataSourceProperty(property.getKey(), property.getValue());
    }
    return config;
  }

  private static boolean accepts(Driver driver, String url) {
    try {
      return driver.acceptsURL(url);
    } catch (SQLException e) {
      return false; // of another database, and it does not even know the form
    }
  }
}
