package firth.connect.jdbc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import firth.connect.ConnectionSettings;
import firth.connect.RunningTask;
import java.math.BigDecimal;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** On a real PostgreSQL server: -Dpostgres.url=jdbc:postgresql://…?user=…&password=… */
@EnabledIfSystemProperty(named = "postgres.url", matches = ".+", disabledReason = "no -Dpostgres.url")
class PostgresqlTest {
  private final String url = System.getProperty("postgres.url");
  private Connection one;
  private Connection other;

  @BeforeEach
  void connect() throws SQLException {
    one = DriverManager.getConnection(url);
    other = DriverManager.getConnection(url);
    run(one, "DROP TABLE IF EXISTS stays CASCADE");
    run(one, "CREATE TABLE stays (id serial PRIMARY KEY, changed timestamptz NOT NULL DEFAULT now(), name text)");
    one.setAutoCommit(false);
    other.setAutoCommit(false);
  }

  @AfterEach
  void close() throws SQLException {
    one.close();
    other.close();
  }

  @Test
  void aRowWithTheLowerIdThatIsCommittedLaterIsSent() throws Exception {
    for (String mode : List.of("incrementing", "timestamp", "timestamp+incrementing")) {
      run(one, "TRUNCATE stays");
      one.commit();
      try (RunningTask task = task(mode, null)) {
        insert(one, "early");
        insert(other, "late");
        other.commit();
        assertEquals(List.of(), names(task.drain(5)), "held back, for a transaction before it runs: " + mode);
        one.commit();
        assertEquals(List.of("early", "late"), names(task.take(2)), mode);
        assertEquals(List.of(), names(task.drain(3)), mode);
      }
    }
  }

  @Test
  void aTransactionThatDrewItsIdLongBeforeItWroteIsNotPassedOver() throws Exception {
    insert(other, "one");
    other.commit();
    try (RunningTask task = task("incrementing", null)) {
      assertEquals(List.of("one"), names(task.take(1)));
      run(one, "SELECT nextval('stays_id_seq')"); // 2, and no transaction id yet: nobody is held back
      insert(other, "three");
      other.commit();
      assertEquals(List.of("three"), names(task.take(1)));
      insert(other, "four");
      other.commit();
      assertEquals(List.of("four"), names(task.take(1)));
      run(one, "INSERT INTO stays (id, name) VALUES (2, 'two')");
      one.commit();
      assertEquals(List.of("two"), names(task.take(1)));
      assertEquals(List.of(), names(task.drain(3)));
    }
  }

  @Test
  void aTransactionThatBeganWithReadingIsNotPassedOver() throws Exception {
    try (RunningTask task = task("timestamp", null)) {
      task.drain(3);
      run(one, "SELECT now()"); // the time of its rows is fixed from here on
      insert(other, "first");
      other.commit();
      assertEquals(List.of("first"), names(task.take(1)));
      assertEquals(List.of(), names(task.drain(3)));
      insert(one, "second");
      one.commit();
      assertEquals(List.of("second"), names(task.take(1)));
    }
  }

  @Test
  void inAViewWhatALongTransactionWritesIsNotPassedOver() throws Exception {
    run(one, "CREATE OR REPLACE VIEW named AS SELECT id, changed, name FROM stays WHERE name IS NOT NULL");
    one.commit();
    for (String mode : List.of("incrementing", "timestamp", "timestamp+incrementing")) {
      run(one, "TRUNCATE stays");
      one.commit();
      Map<String, String> settings = settings(mode, "named");
      settings.put(JdbcSettings.NON_NULL, "false");
      settings.put(JdbcSettings.TIMESTAMP_LOOKBACK, "1");
      settings.put(JdbcSettings.INCREMENTING_LOOKBACK, "0");
      try (RunningTask task = new RunningTask(new JdbcSourceTask(), settings, List.of())) {
        insert(one, "early"); // its id and time are below all that follow
        for (String name : List.of("first", "second", "third")) {
          run(other, "SELECT pg_sleep(0.01)");
          insert(other, name);
          other.commit();
          assertEquals(List.of(name), names(task.take(1)), mode);
          assertEquals(List.of(), names(task.drain(2)), mode);
        }
        one.commit();
        assertEquals(List.of("early"), names(task.take(1)), mode);
        assertEquals(List.of(), names(task.drain(3)), mode);
      }
    }
  }

  @Test
  void savepointsAndRollbacksChangeNothing() throws Exception {
    try (RunningTask task = task("timestamp+incrementing", null)) {
      insert(one, "kept");
      one.setSavepoint("s");
      insert(one, "in a savepoint");
      insert(other, "elsewhere");
      other.commit();
      assertEquals(List.of(), names(task.drain(3)));
      one.commit();
      insert(other, "rolled back");
      other.rollback();
      List<Object> sent = new ArrayList<>(names(task.take(3)));
      sent.addAll(names(task.drain(3)));
      Collections.sort(sent, (a, b) -> a.toString().compareTo(b.toString()));
      assertEquals(List.of("elsewhere", "in a savepoint", "kept"), sent);
    }
  }

  @Test
  void anUpdateIsSentInTimestampModesAndNotInIncrementing() throws Exception {
    insert(one, "before");
    one.commit();
    try (RunningTask incrementing = task("incrementing", null);
        RunningTask timestamp = task("timestamp", null)) {
      assertEquals(List.of("before"), names(incrementing.take(1)));
      assertEquals(List.of("before"), names(timestamp.take(1)));
      incrementing.drain(5); // until the row is no longer young enough to be looked at
      run(one, "UPDATE stays SET name = 'after', changed = now()");
      one.commit();
      assertEquals(List.of("after"), names(timestamp.take(1)));
      assertEquals(List.of(), names(incrementing.drain(3)));
    }
  }

  @Test
  void aTaskThatStartsAgainBehindAnyRecordSendsTheRestOnce() throws Exception {
    run(one, "INSERT INTO stays (changed, name) SELECT '2026-01-31'::timestamptz + i / 4 * interval '1 s', i::text"
        + " FROM generate_series(1, 12) i");
    one.commit();
    for (String mode : List.of("incrementing", "timestamp", "timestamp+incrementing")) {
      List<SourceRecord> all;
      try (RunningTask task = task(mode, null)) {
        all = task.take(12);
      }
      for (int sent = 1; sent <= all.size(); sent++) {
        try (RunningTask again = task(mode, all.get(sent - 1))) {
          List<Object> rest = names(all.subList(sent, 12));
          assertEquals(rest, names(again.take(rest.size())), mode + " after " + sent);
          assertEquals(List.of(), names(again.drain(2)), mode + " after " + sent);
        }
      }
    }
  }

  @Test
  void interleavedWritersLoseNothingWhileTheTaskIsKilledAgainAndAgain() throws Exception {
    List<Thread> writers = new ArrayList<>();
    for (int writer = 0; writer < 10; writer++) {
      int number = writer;
      writers.add(new Thread(() -> write(number)));
    }
    writers.forEach(Thread::start);
    List<Object> sent = new ArrayList<>();
    SourceRecord last = null;
    Random random = new Random(7);
    while (sent.size() < 500) {
      try (RunningTask task = task("timestamp", last)) {
        List<SourceRecord> records = task.take(1 + random.nextInt(40));
        assertTrue(!records.isEmpty(), "no more rows after " + sent.size());
        // What a killed task read beyond its last committed record is gone with it.
        List<SourceRecord> committed = records.subList(0, 1 + random.nextInt(records.size()));
        sent.addAll(names(committed));
        last = committed.get(committed.size() - 1);
      }
    }
    for (Thread writer : writers) {
      writer.join();
    }
    assertEquals(500, sent.stream().distinct().count());
    assertEquals(500, sent.size());
  }

  @Test
  void itTellsForHowLongARunningTransactionHoldsBackWhatWasWritten() throws Exception {
    insert(one, "before");
    one.commit();
    try (RunningTask task = task("incrementing", null)) {
      assertEquals(List.of("before"), names(task.take(1)));
      insert(one, "open");
      insert(other, "held back");
      other.commit();
      assertTimeoutPreemptively(
          Duration.ofSeconds(20),
          () -> {
            while (task.figure("held-back-ms") == 0) {
              assertEquals(List.of(), names(task.poll()));
            }
          });
      one.commit();
      assertEquals(List.of("open", "held back"), names(task.take(2)));
      task.drain(2);
      assertEquals(0, task.figure("held-back-ms"));
    }
  }

  @Test
  void aConnectionThatIsLostAmidARoundLosesAndDoublesNothing() throws Exception {
    run(one, "INSERT INTO stays (name) SELECT i::text FROM generate_series(1, 1000) i");
    one.commit();
    for (String mode : List.of("incrementing", "timestamp", "timestamp+incrementing")) {
      assertEquals(numbers(1, 1000), sorted(aroundALostConnection(settings(mode, "stays"), 1000)), mode);
      Map<String, String> query = settings(mode, "stays");
      query.put(JdbcSettings.QUERY, "SELECT * FROM stays");
      assertEquals(numbers(1, 1000), sorted(aroundALostConnection(query, 1000)), "a query, " + mode);
    }
  }

  @Test
  void inModeBulkARoundBeginsAgainAfterALostConnection() throws Exception {
    run(one, "INSERT INTO stays (name) SELECT i::text FROM generate_series(1, 1000) i");
    one.commit();
    List<Object> names = aroundALostConnection(settings("bulk", "stays"), 2000);
    int again = names.subList(1, names.size()).indexOf("1") + 1;
    assertTrue(again >= 500 && again < 1000, "it was lost after " + again);
    assertEquals(numbers(1, again), names.subList(0, again));
    assertEquals(numbers(1, 1000), names.subList(again, again + 1000));
  }

  /** The names of rows, {@code count} or more, of which the connection is lost behind the five hundredth. */
  private List<Object> aroundALostConnection(Map<String, String> settings, int count) throws Exception {
    settings.put(JdbcSettings.BATCH, "50");
    try (RunningTask task = new RunningTask(new JdbcSourceTask(), settings, List.of())) {
      List<SourceRecord> records = new ArrayList<>(task.take(500));
      String reading = " FROM pg_stat_activity WHERE application_name = 'firth-jdbc' AND datname = current_database()";
      run(one, "DO $$ BEGIN PERFORM pg_terminate_backend(pid)" + reading + ";"
          + " WHILE EXISTS (SELECT" + reading + ") LOOP PERFORM pg_sleep(0.01); PERFORM pg_stat_clear_snapshot(); END LOOP; END $$");
      one.commit();
      records.addAll(task.take(count - 500));
      if (!settings.get(JdbcSettings.MODE).equals("bulk")) {
        records.addAll(task.drain(3));
      }
      return names(records);
    }
  }

  private static List<Object> sorted(List<Object> numbers) {
    return numbers.stream().sorted(Comparator.comparing(number -> Integer.valueOf((String) number))).toList();
  }

  private static List<Object> numbers(int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(number -> (Object) String.valueOf(number)).toList();
  }

  @Test
  void onAServerThatWasRestoredItSaysSo() throws Exception {
    insert(one, "a row");
    one.commit();
    try (RunningTask task = task("incrementing", null)) {
      Map<String, Object> offset = new HashMap<>(task.take(1).get(0).sourceOffset());
      offset.put(SnapshotOffset.FROM, 1L << 40);
      SourceRecord later = new SourceRecord(Source.partitionOf("public.stays"), offset, "t", null, null);
      try (RunningTask again = task("incrementing", later)) {
        ConnectException told = assertThrows(ConnectException.class, () -> again.drain(2));
        assertTrue(told.getMessage().contains("was restored"), told.getMessage());
      }
    }
  }

  @Test
  void typesBecomeWhatTheyAre() throws Exception {
    run(one, "DROP TABLE IF EXISTS kinds; DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('well', 'ill')");
    run(one, "CREATE TABLE kinds (id int PRIMARY KEY, small smallint, big bigint, real4 real, real8 float8, yes bool,"
        + " money numeric(10,2), free numeric, whole numeric(9,0), born date, at time, seen timestamp,"
        + " zoned timestamptz, code uuid, doc jsonb, list int[], words text[], days timestamptz[], raw bytea, mood mood, empty text)");
    run(one, "INSERT INTO kinds VALUES (1, 2, 3, 1.5, 2.5, true, 12.3, 1.234567890123456789, 42, '2150-02-03',"
        + " '10:11:12', '2026-01-31 12:00:00.123456', '2026-01-31 12:00:00+02', '5b0d346f-8a4f-5e4e-a4f5-000000000001',"
        + " '{\"a\": 1}', '{1,NULL,3}', '{a,NULL}', '{2026-01-31 12:00:00+00}', '\\x00ff', 'ill', NULL), (2, NULL, NULL, NULL, NULL, NULL, NULL,"
        + " NULL, NULL, 'infinity', NULL, 'infinity', '-infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
    one.commit();
    Struct row = (Struct) rows("kinds", Map.of()).get(0).value();
    assertEquals((short) 2, row.get("small"));
    assertEquals(3L, row.get("big"));
    assertEquals(1.5f, row.get("real4"));
    assertEquals(2.5, row.get("real8"));
    assertEquals(true, row.get("yes"));
    assertEquals(new BigDecimal("12.30"), row.get("money"));
    assertEquals("1.234567890123456789", row.get("free"));
    assertEquals(new BigDecimal("42"), row.get("whole"));
    assertEquals(Date.from(Instant.parse("2150-02-03T00:00:00Z")), row.get("born"));
    assertEquals(new Date(36_672_000), row.get("at"));
    assertEquals(Date.from(Instant.parse("2026-01-31T12:00:00.123Z")), row.get("seen"));
    assertEquals(Date.from(Instant.parse("2026-01-31T10:00:00Z")), row.get("zoned"));
    assertEquals("5b0d346f-8a4f-5e4e-a4f5-000000000001", row.get("code"));
    assertEquals("{\"a\": 1}", row.get("doc"));
    assertEquals(Arrays.asList(1, null, 3), row.get("list"));
    assertEquals(Arrays.asList("a", null), row.get("words"));
    assertTrue(row.getArray("days").get(0).toString().startsWith("2026-01-31 "), row.getArray("days").toString());
    assertArrayEquals(new byte[] {0, -1}, row.getBytes("raw"));
    assertEquals("ill", row.get("mood"));
    Struct nothing = (Struct) rows("kinds", Map.of()).get(1).value();
    assertEquals(null, nothing.get("small"));
    assertEquals(null, nothing.get("raw"));
    assertEquals(new Date(Integer.MAX_VALUE * TimeColumns.DAY_MS), nothing.get("born"), "infinity, as far as a Date goes");
    assertEquals(new Date(Long.MAX_VALUE), nothing.get("seen"));
    assertEquals(new Date(Long.MIN_VALUE), nothing.get("zoned"));
  }

  @Test
  void decimalsAndTimesAreAChoice() throws Exception {
    run(one, "DROP TABLE IF EXISTS kinds; CREATE TABLE kinds (id int PRIMARY KEY, money numeric(10,2),"
        + " whole numeric(9,0), seen timestamp)");
    run(one, "INSERT INTO kinds VALUES (1, 12.3, 42, '2026-01-31 12:00:00.123456')");
    one.commit();
    assertEquals("12.30", value("money", "numeric.mapping", "string"));
    assertEquals(12.3, value("money", "numeric.mapping", "double"));
    assertEquals(12.3, value("money", "numeric.mapping", "best_fit"));
    assertEquals(42, value("whole", "numeric.mapping", "best_fit"));
    assertEquals(new BigDecimal("12.30"), value("money", "numeric.mapping", "precision_only"));
    assertEquals(42, value("whole", "numeric.mapping", "precision_only"));
    assertEquals(1769860800123456L, value("seen", "timestamp.granularity", "micros_long"));
    assertEquals("1769860800123456000", value("seen", "timestamp.granularity", "nanos_string"));
    assertEquals("2026-01-31T12:00:00.123456Z", value("seen", "timestamp.granularity", "micros_iso_datetime_string"));
    assertEquals(Date.from(Instant.parse("2026-01-31T11:00:00.123Z")), value("seen", "db.timezone", "Europe/Paris"));
  }

  @Test
  void aColumnThatIsAddedComesWithTheNextRow() throws Exception {
    try (RunningTask task = task("incrementing", null)) {
      for (int round = 0; round < 10; round++) { // after some, the driver has the statement prepared
        insert(one, "row " + round);
        one.commit();
        assertEquals(1, task.take(1).size());
      }
      run(one, "ALTER TABLE stays ADD COLUMN ward text");
      run(one, "INSERT INTO stays (name, ward) VALUES ('last', 'B')");
      one.commit();
      assertEquals(List.of("B"), RunningTask.values(task.take(1), "ward"));
    }
  }

  @Test
  void partitionsAreReadWithTheirTable() throws Exception {
    run(one, "DROP TABLE IF EXISTS parts; CREATE TABLE parts (id int, PRIMARY KEY (id)) PARTITION BY RANGE (id)");
    run(one, "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)");
    run(one, "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (20)");
    run(one, "INSERT INTO parts VALUES (1), (11), (12)");
    one.commit();
    Map<String, String> settings = settings("incrementing", "parts");
    List<String> names =
        new Tables(new JdbcSettings(settings), true).in(one).stream().map(TableId::name).toList();
    one.commit(); // the first round waits for whoever runs
    assertTrue(names.contains("parts") && !names.contains("parts_1"), names.toString());
    try (RunningTask task = new RunningTask(new JdbcSourceTask(), settings, List.of())) {
      assertEquals(List.of(1, 11, 12), RunningTask.values(task.take(3), "id"));
    }
  }

  @Test
  void aValueThatDoesNotFitIsNotQuoted() throws Exception {
    run(one, "DROP TABLE IF EXISTS kinds; CREATE TABLE kinds (id int PRIMARY KEY, money numeric(10,2))");
    run(one, "INSERT INTO kinds VALUES (1, 1.5), (2, 2.5), (3, 'NaN')");
    one.commit();
    try (RunningTask task = new RunningTask(new JdbcSourceTask(), settings("incrementing", "kinds"), List.of())) {
      assertEquals(List.of(1, 2), RunningTask.values(task.take(2), "id"), "what went before it is sent");
      ConnectException told = assertThrows(ConnectException.class, () -> task.drain(3));
      assertTrue(told.getMessage().contains("numeric.mapping=string"), told.getMessage());
      assertEquals(null, told.getCause());
    }
  }

  @Test
  void aServerThatFallsSilentIsGivenUp() throws Exception {
    Map<String, String> withinAQuery = settings("bulk", "stays");
    withinAQuery.put(JdbcSettings.QUERY, "SELECT pg_sleep(3)::text AS id");
    assertGivenUp(withinAQuery);
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Map<String, String> fromTheStart = settings("bulk", "stays");
      fromTheStart.put(JdbcSettings.URL, "jdbc:postgresql://127.0.0.1:" + silent.getLocalPort() + "/x?user=x");
      assertGivenUp(fromTheStart);
    }
  }

  private void assertGivenUp(Map<String, String> settings) {
    settings.put(ConnectionSettings.CONNECT_TIMEOUT, "1000");
    settings.put(ConnectionSettings.READ_TIMEOUT, "1000");
    settings.put(ConnectionSettings.ATTEMPTS, "1");
    try (RunningTask task = new RunningTask(new JdbcSourceTask(), settings, List.of())) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(20), () -> assertThrows(ConnectException.class, () -> task.take(1)));
    }
  }

  @Test
  void aTableOfMoreRowsThanAFetchIsReadWhole() throws Exception {
    run(one, "INSERT INTO stays (name) SELECT i::text FROM generate_series(1, 1000) i");
    one.commit();
    Map<String, String> settings = settings("incrementing", "stays");
    settings.put(JdbcSettings.FETCH, "7");
    settings.put(JdbcSettings.BATCH, "30");
    try (RunningTask task = new RunningTask(new JdbcSourceTask(), settings, List.of())) {
      List<SourceRecord> records = task.take(1000);
      assertEquals(1000, names(records).stream().distinct().count());
      assertTrue(records.get(998).sourceOffset().containsKey(SnapshotOffset.UNTIL), "a round is under way");
      assertTrue(!records.get(999).sourceOffset().containsKey(SnapshotOffset.UNTIL), "the round is over");
      assertEquals(List.of(), names(task.drain(2)));
    }
  }

  @Test
  void aColumnThatIsNotThereIsNamedWithThoseThatAre() {
    Map<String, String> settings = settings("incrementing", "stays");
    settings.put(JdbcSettings.INCREMENTING, "row_id");
    try (RunningTask task = new RunningTask(new JdbcSourceTask(), settings, List.of())) {
      ConnectException told = assertThrows(ConnectException.class, () -> task.drain(1));
      assertTrue(told.getMessage().contains("\"row_id\" is not in public.stays (has: id, changed, name)"));
    }
  }

  private Object value(String column, String setting, String choice) throws Exception {
    return ((Struct) rows("kinds", Map.of(setting, choice)).get(0).value()).get(column);
  }

  private List<SourceRecord> rows(String table, Map<String, String> others) throws Exception {
    Map<String, String> settings = settings("incrementing", table);
    settings.putAll(others);
    try (RunningTask task = new RunningTask(new JdbcSourceTask(), settings, List.of())) {
      return task.take(1);
    }
  }

  private RunningTask task(String mode, SourceRecord behind) {
    return new RunningTask(new JdbcSourceTask(), settings(mode, "stays"), behind == null ? List.of() : List.of(behind));
  }

  private Map<String, String> settings(String mode, String table) {
    Map<String, String> settings = new HashMap<>();
    settings.put(JdbcSettings.URL, url);
    settings.put(JdbcSettings.MODE, mode);
    if (Mode.of(mode).usesIncrementing()) {
      settings.put(JdbcSettings.INCREMENTING, "id");
    }
    if (Mode.of(mode).usesTimestamp()) {
      settings.put(JdbcSettings.TIMESTAMP, "changed");
    }
    settings.put(JdbcSettings.PREFIX, "p-");
    settings.put(JdbcSettings.POLL, "10");
    settings.put(JdbcSettings.TASK_TABLES, TableId.joined(List.of(new TableId("", "public", table))));
    return settings;
  }

  /** Fifty rows in transactions of differing length, each row's name unlike all others. */
  private void write(int writer) {
    Random random = new Random(writer);
    try (Connection connection = DriverManager.getConnection(url)) {
      connection.setAutoCommit(false);
      for (int row = 0; row < 50; row++) {
        insert(connection, writer + "/" + row);
        if (random.nextInt(3) == 0) {
          Thread.sleep(random.nextInt(20));
          connection.commit();
        }
      }
      connection.commit();
    } catch (SQLException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Object> names(List<SourceRecord> records) {
    return RunningTask.values(records, "name");
  }

  private static void insert(Connection connection, String name) throws SQLException {
    run(connection, "INSERT INTO stays (name) VALUES ('" + name + "')");
  }

  private static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
