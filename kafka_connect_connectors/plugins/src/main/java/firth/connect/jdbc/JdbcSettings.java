package firth.connect.jdbc;

import firth.connect.ConnectionSettings;
import firth.connect.Definition;
import firth.connect.NotTaken;
import firth.connect.SettingNames;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;

/** What a JDBC source connector is told, each setting checked by itself; {@link SettingsCheck} checks them together. */
final class JdbcSettings extends AbstractConfig {
  static final String URL = "connection.url";
  static final String USER = "connection.user";
  static final String PASSWORD = "connection.password";
  static final String ZONE = "db.timezone";
  static final String INCLUDE = "table.include.list";
  static final String WHITELIST = "table.whitelist";
  static final String EXCLUDE = "table.exclude.list";
  static final String BLACKLIST = "table.blacklist";
  static final String CATALOG = "catalog.pattern";
  static final String SCHEMA = "schema.pattern";
  static final String TABLE_TYPES = "table.types";
  static final String TABLE_POLL = "table.poll.interval.ms";
  static final String QUERY = "query";
  static final String MODE = "mode";
  static final String INCREMENTING = "incrementing.column.name";
  static final String TIMESTAMP = "timestamp.column.name";
  static final String INITIAL = "timestamp.initial";
  static final String NON_NULL = "validate.non.null";
  static final String TIMESTAMP_LOOKBACK = "timestamp.lookback.ms";
  static final String INCREMENTING_LOOKBACK = "incrementing.lookback";
  static final String PREFIX = "topic.prefix";
  static final String KEY = "key.columns";
  static final String NUMERIC = "numeric.mapping";
  static final String TIMES = "timestamp.granularity";
  static final String POLL = "poll.interval.ms";
  static final String BATCH = "batch.max.rows";
  static final String FETCH = "fetch.size";

  /** The tables of one task: {@link TableId#joined}. Set by the connector for its tasks. */
  static final String TASK_TABLES = "task.tables";

  private static final String CONNECTION = "connection.";

  static final ConfigDef DEFINITION = define();

  /** Settings of the connector that has the same names. */
  static final List<NotTaken> NOT_TAKEN =
      List.of(
          NotTaken.unless("numeric.precision.mapping", "false", "numeric.mapping=precision_only is what true meant."),
          NotTaken.replaced(
              "incrementing.column.mapping", "incrementing.column.name, in a connector for the tables that have it."),
          NotTaken.replaced(
              "timestamp.columns.mapping", "timestamp.column.name, in a connector for the tables that have it."),
          NotTaken.replaced("query.suffix", "The whole of the query stands in query."),
          NotTaken.needless("query.retry.attempts", "connection.attempts counts these tries, too."),
          NotTaken.needless(
              "timestamp.delay.interval.ms", "Late rows are found without waiting; for more, see timestamp.lookback.ms."),
          NotTaken.needless(
              "incrementing.relaxed.monotonic", "Late rows are found anyway; for more, see incrementing.lookback."),
          NotTaken.needless("dialect.name", "The driver tells what differs between databases."),
          NotTaken.needless("quote.sql.identifiers", "Names are always quoted."),
          NotTaken.needless("transaction.isolation.mode", "Reading is READ COMMITTED, and needs no more."));

  /** What the driver is told goes by whatever names it has. */
  static final SettingNames NAMES = new SettingNames(DEFINITION, NOT_TAKEN, Optional.of(CONNECTION));

  JdbcSettings(Map<String, String> properties) {
    super(DEFINITION, properties, false);
  }

  Mode mode() {
    return Mode.of(getString(MODE));
  }

  /** Where instants without a zone are at home. */
  ZoneId zone() {
    return ZoneId.of(getString(ZONE));
  }

  /** The query to read in place of tables; empty where tables are read. */
  String query() {
    return getString(QUERY).strip();
  }

  List<String> included() {
    return eitherList(INCLUDE, WHITELIST);
  }

  List<String> excluded() {
    return eitherList(EXCLUDE, BLACKLIST);
  }

  /** Before which rows are not read in the timestamp modes; null for no limit. */
  Instant initialTimestamp() {
    Long initial = getLong(INITIAL);
    if (initial == null) {
      return null;
    }
    return initial < 0 ? Instant.now() : Instant.ofEpochMilli(initial);
  }

  /** How far to look back in time, or as {@code otherwise} says where that is left to the kind of database. */
  Duration timestampLookback(Duration otherwise) {
    long ms = getLong(TIMESTAMP_LOOKBACK);
    return ms < 0 ? otherwise : Duration.ofMillis(ms);
  }

  /** How many ids to look back, or as {@code otherwise} says where that is left to the kind of database. */
  long incrementingLookback(long otherwise) {
    long ids = getLong(INCREMENTING_LOOKBACK);
    return ids < 0 ? otherwise : ids;
  }

  Numbers numbers() {
    return Definition.chosen(Numbers.class, getString(NUMERIC));
  }

  Times times() {
    return Definition.chosen(Times.class, getString(TIMES));
  }

  /** Most rows of a round trip. */
  int fetchSize() {
    int size = getInt(FETCH);
    return size == 0 ? getInt(BATCH) : size;
  }

  /** The settings {@code connection.x} that are the driver's own, without their prefix. */
  Map<String, String> driverProperties() {
    Map<String, String> found = new HashMap<>();
    originalsWithPrefix(CONNECTION)
        .forEach(
            (name, value) -> {
              if (!DEFINITION.names().contains(CONNECTION + name)) {
                found.put(name, String.valueOf(value));
              }
            });
    return found;
  }

  private List<String> eitherList(String name, String older) {
    List<String> list = getList(name).isEmpty() ? getList(older) : getList(name);
    return list.stream().map(String::strip).filter(entry -> !entry.isEmpty()).toList();
  }

  private static ConfigDef define() {
    Definition definition = new Definition();
    defineDatabase(definition);
    defineTables(definition);
    defineMode(definition);
    defineRecords(definition);
    definePolling(definition);
    return definition.done();
  }

  private static void defineDatabase(Definition d) {
    d.group("Database");
    d.needed(URL, Type.STRING, Definition.notBlank(), "JDBC address, such as jdbc:postgresql://host:5432/database.");
    d.add(USER, Type.STRING, null, null, Importance.HIGH, "User to connect as. It needs to read, nothing else.");
    d.add(PASSWORD, Type.PASSWORD, null, null, Importance.HIGH, "Password of the user; better from a config provider.");
    ConnectionSettings.define(
        d,
        "a wrong password, a table that is not there",
        300_000,
        "How long the server may leave a query without a word, in milliseconds, before the connection is given up.");
    d.add(
        ZONE,
        Type.STRING,
        "UTC",
        JdbcSettings::checkZone,
        Importance.MEDIUM,
        "Time zone of the columns that hold dates and times without one.");
  }

  private static void defineTables(Definition d) {
    d.group("Tables");
    String names = " Names as table or schema.table, separated by commas.";
    d.add(INCLUDE, Type.LIST, List.of(), null, Importance.MEDIUM, "Tables to read; all, where empty." + names);
    d.add(WHITELIST, Type.LIST, List.of(), null, Importance.MEDIUM, "Older name of " + INCLUDE + ".");
    d.add(EXCLUDE, Type.LIST, List.of(), null, Importance.MEDIUM, "Tables not to read." + names);
    d.add(BLACKLIST, Type.LIST, List.of(), null, Importance.MEDIUM, "Older name of " + EXCLUDE + ".");
    d.add(CATALOG, Type.STRING, null, null, Importance.LOW, "Catalog whose tables are read; every one, where not set.");
    d.add(
        SCHEMA,
        Type.STRING,
        null,
        null,
        Importance.MEDIUM,
        "Pattern of the schemas whose tables are read, % for anything; every one, where not set.");
    d.add(TABLE_TYPES, Type.LIST, List.of("TABLE", "PARTITIONED TABLE"), null, Importance.LOW, "Types of tables.");
    d.add(
        TABLE_POLL,
        Type.LONG,
        60_000L,
        Range.atLeast(1000),
        Importance.LOW,
        "Milliseconds between two looks for new tables and tables that are gone.");
    d.add(
        QUERY,
        Type.STRING,
        "",
        null,
        Importance.MEDIUM,
        "Query whose rows are read in place of tables. It is read as a table: SELECT * FROM (query) WHERE ….");
  }

  private static void defineMode(Definition d) {
    d.group("New rows");
    d.needed(
        MODE,
        Type.STRING,
        oneOf(Mode.class),
        "How new rows are told: bulk (all rows, every time), incrementing (a column that grows with each new row),"
            + " timestamp (a column with the time of the last change), timestamp+incrementing (both).");
    d.add(INCREMENTING, Type.STRING, "", null, Importance.MEDIUM, "The column that grows: whole numbers, unique.");
    d.add(
        TIMESTAMP,
        Type.LIST,
        List.of(),
        null,
        Importance.MEDIUM,
        "The column with the time of the last change; of several, the first that is not NULL counts.");
    d.add(
        INITIAL,
        Type.LONG,
        null,
        null,
        Importance.LOW,
        "Rows from this time on, in milliseconds since 1970; -1 for now. From the first row on, where not set.");
    d.add(
        NON_NULL,
        Type.BOOLEAN,
        true,
        null,
        Importance.LOW,
        "Refuse columns for new rows that may be NULL: a row with NULL there is never sent.");
    d.add(
        TIMESTAMP_LOOKBACK,
        Type.LONG,
        -1L,
        Range.atLeast(-1),
        Importance.MEDIUM,
        "How far back to look, in milliseconds, for rows that were committed late. -1: nothing more than is known to be"
            + " necessary on PostgreSQL, a minute elsewhere.");
    d.add(
        INCREMENTING_LOOKBACK,
        Type.LONG,
        -1L,
        Range.atLeast(-1),
        Importance.MEDIUM,
        "How many ids back to look for rows that were committed late. -1: nothing more than is known to be necessary on"
            + " PostgreSQL, 1000 elsewhere.");
  }

  private static void defineRecords(Definition d) {
    d.group("Records");
    d.needed(
        PREFIX,
        Type.STRING,
        Definition.notBlank(),
        "What stands before the table's name in the name of its topic; with a query, the whole name of the topic.");
    d.add(
        KEY,
        Type.LIST,
        List.of(),
        null,
        Importance.MEDIUM,
        "Columns that make the record's key. Where empty, the table's primary key; if there is none, the incrementing"
            + " column.");
    d.add(
        NUMERIC,
        Type.STRING,
        "none",
        oneOf(Numbers.class),
        Importance.MEDIUM,
        "What NUMERIC and DECIMAL become: none (Connect's Decimal), string (the exact digits), double, precision_only"
            + " (whole numbers as integers where they fit, else Decimal), best_fit (integers and doubles where they fit,"
            + " else Decimal). A column without a scale comes as string, but for double.");
    d.add(
        TIMES,
        Type.STRING,
        "connect_logical",
        oneOf(Times.class),
        Importance.MEDIUM,
        "What timestamps become: connect_logical (Connect's Timestamp: milliseconds), micros_long,"
            + " micros_iso_datetime_string (such as 2026-01-31T12:00:00.000001Z), nanos_long, nanos_string.");
  }

  private static void definePolling(Definition d) {
    d.group("Polling");
    d.add(POLL, Type.LONG, 5000L, Range.atLeast(0), Importance.HIGH, "Milliseconds between two looks for new rows.");
    d.add(
        BATCH,
        Type.INT,
        5000,
        Range.atLeast(1),
        Importance.MEDIUM,
        "Most rows that are handed on at once; with exactly-once, of a transaction. Fewer, where they make 4 MiB.");
    d.add(
        FETCH,
        Type.INT,
        0,
        Range.atLeast(0),
        Importance.LOW,
        "Most rows of a round trip to the database; 0: as " + BATCH + ". Fewer, where those before say that they make more"
            + " than 4 MiB.");
  }

  private static void checkZone(String name, Object value) {
    try {
      ZoneId.of((String) value);
    } catch (DateTimeException e) {
      throw new ConfigException(name, value, "is no time zone (such as UTC or Europe/Paris)");
    }
  }

  private static <E extends Enum<E>> ConfigDef.Validator oneOf(Class<E> values) {
    String[] names = Arrays.stream(values.getEnumConstants()).map(JdbcSettings::spelled).toArray(String[]::new);
    return ConfigDef.CaseInsensitiveValidString.in(names);
  }

  /** Mode.TIMESTAMP_INCREMENTING is written timestamp+incrementing; all others as they are named. */
  static String spelled(Enum<?> value) {
    String lower = value.name().toLowerCase(Locale.ROOT);
    return value instanceof Mode ? lower.replace('_', '+') : lower;
  }
}
