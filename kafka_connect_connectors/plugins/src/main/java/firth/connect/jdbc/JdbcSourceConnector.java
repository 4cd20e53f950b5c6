package firth.connect.jdbc;

import firth.connect.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.apache.kafka.connect.source.SourceConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends the rows of a database's tables, or of a query, and goes on with each that is new. */
public final class JdbcSourceConnector extends SourceConnector {
  private static final Logger LOG = LoggerFactory.getLogger(JdbcSourceConnector.class);

  private Map<String, String> properties;
  private JdbcSettings settings;
  private Database database;
  private TableWatch watch;

  @Override
  public void start(Map<String, String> given) {
    properties = given;
    JdbcSettings.NAMES.warn(given, LOG);
    settings = new JdbcSettings(given);
    if (settings.query().isEmpty()) {
      database = new Database(settings, "firth-jdbc-tables");
      watch = new TableWatch(settings, database, context());
      watch.start();
    }
  }

  @Override
  public void stop() {
    if (watch != null) {
      watch.close();
      database.close();
    }
  }

  @Override
  public Class<? extends Task> taskClass() {
    return JdbcSourceTask.class;
  }

  /** Tables dealt out one by one, like cards; a query is one task's. */
  @Override
  public List<Map<String, String>> taskConfigs(int most) {
    if (watch == null) {
      return List.of(properties);
    }
    List<TableId> tables = watch.tables();
    List<Map<String, String>> tasks = new ArrayList<>();
    for (int task = 0; task < Math.min(most, tables.size()); task++) {
      List<TableId> own = new ArrayList<>();
      for (int table = task; table < tables.size(); table += most) {
        own.add(tables.get(table));
      }
      Map<String, String> config = new HashMap<>(properties);
      config.put(JdbcSettings.TASK_TABLES, TableId.joined(own));
      tasks.add(config);
    }
    return tasks;
  }

  @Override
  public ConfigDef config() {
    return JdbcSettings.DEFINITION;
  }

  @Override
  public Config validate(Map<String, String> given) {
    return SettingsCheck.check(super.validate(given), given);
  }

  @Override
  public String version() {
    return Version.current();
  }

  /** Every mode but bulk, which sends all rows again and again. */
  @Override
  public ExactlyOnceSupport exactlyOnceSupport(Map<String, String> given) {
    boolean bulk = new JdbcSettings(given).mode() == Mode.BULK;
    return bulk ? ExactlyOnceSupport.UNSUPPORTED : ExactlyOnceSupport.SUPPORTED;
  }

  /**
   * Takes offsets that the mode can begin behind, of partitions as {@link Source} makes them; null ones forget.
   *
   * @throws ConnectException saying what is wrong with one
   */
  @Override
  public boolean alterOffsets(Map<String, String> config, Map<Map<String, ?>, Map<String, ?>> offsets) {
    JdbcSettings given = new JdbcSettings(config);
    offsets.forEach((partition, offset) -> OffsetCheck.check(given, partition, offset));
    return true;
  }
}
