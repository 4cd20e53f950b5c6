package firth.connect.jdbc;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.connect.errors.ConnectException;

/** Which tables of a database are to be read. */
record Tables(JdbcSettings settings, boolean postgresql) {
  private static final String PARTITIONS =
      "SELECT nspname, relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relispartition";

  /**
   * Those that are there, in order of their names.
   *
   * @throws ConnectException where one that the settings name is not there, or two would share a topic
   */
  List<TableId> in(Connection connection) throws SQLException {
    List<TableId> all = all(connection);
    refuseMissing(all);
    Set<TableId> parts = settings.included().isEmpty() && postgresql ? partitions(connection) : Set.of();
    List<TableId> chosen =
        all.stream()
            .filter(table -> !parts.contains(table))
            .filter(this::isChosen)
            .sorted(Comparator.comparing(TableId::toString))
            .toList();
    refuseSharedTopic(chosen);
    return chosen;
  }

  private boolean isChosen(TableId table) {
    List<String> included = settings.included();
    boolean isIncluded = included.isEmpty() || included.stream().anyMatch(table::isCalled);
    return isIncluded && settings.excluded().stream().noneMatch(table::isCalled);
  }

  private List<TableId> all(Connection connection) throws SQLException {
    String catalog = settings.getString(JdbcSettings.CATALOG);
    String[] types = settings.getList(JdbcSettings.TABLE_TYPES).toArray(String[]::new);
    DatabaseMetaData database = connection.getMetaData();
    List<TableId> found = new ArrayList<>();
    try (ResultSet rows =
        database.getTables(
            catalog == null ? connection.getCatalog() : catalog,
            settings.getString(JdbcSettings.SCHEMA),
            "%",
            types)) {
      while (rows.next()) {
        String schema = orEmpty(rows.getString("TABLE_SCHEM"));
        // Where there are schemas, the catalog is the database that we are connected to.
        String inCatalog = schema.isEmpty() ? orEmpty(rows.getString("TABLE_CAT")) : "";
        found.add(new TableId(inCatalog, schema, rows.getString("TABLE_NAME")));
      }
    }
    return found;
  }

  /** Those whose rows are read with the table that they are a part of. */
  private static Set<TableId> partitions(Connection connection) throws SQLException {
    Set<TableId> found = new HashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(PARTITIONS)) {
      while (rows.next()) {
        found.add(new TableId("", rows.getString(1), rows.getString(2)));
      }
    }
    return found;
  }

  private void refuseMissing(List<TableId> all) {
    for (String name : settings.included()) {
      if (all.stream().noneMatch(table -> table.isCalled(name))) {
        throw new ConnectException(
            JdbcSettings.INCLUDE + ": there is no table \"" + name + "\" that the connector's user may see, of the types "
                + String.join(", ", settings.getList(JdbcSettings.TABLE_TYPES)));
      }
    }
  }

  private void refuseSharedTopic(List<TableId> chosen) {
    Map<String, TableId> byName = new HashMap<>();
    for (TableId table : chosen) {
      TableId other = byName.put(table.name(), table);
      if (other != null) {
        throw new ConnectException(
            "tables " + other + " and " + table + " would share a topic: choose one by " + JdbcSettings.SCHEMA + " or "
                + JdbcSettings.INCLUDE + ", and give the other a connector with another " + JdbcSettings.PREFIX);
      }
    }
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }
}
