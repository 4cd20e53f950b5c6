package firth.connect.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import firth.connect.RunningTask;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A database that does not tell which transactions are running: H2. */
class LookBackTest {
  private final String url = "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1";
  private Connection one;
  private Connection other;

  @BeforeEach
  void connect() throws SQLException {
    one = DriverManager.getConnection(url);
    other = DriverManager.getConnection(url);
    run(one, "CREATE TABLE stays (id BIGINT PRIMARY KEY, changed TIMESTAMP NOT NULL, name VARCHAR(20))");
    one.setAutoCommit(false);
    other.setAutoCommit(false);
  }

  @AfterEach
  void close() throws SQLException {
    one.close();
    other.close();
  }

  @Test
  void aRowThatIsCommittedLateIsSent() throws Exception {
    try (RunningTask task = task("incrementing", null)) {
      insert(one, 1, "12:00:00");
      insert(other, 2, "12:00:00");
      other.commit();
      assertEquals(List.of(2L), ids(task.take(1)));
      one.commit();
      insert(other, 3, "12:00:00");
      other.commit();
      assertEquals(List.of(1L, 3L), ids(task.take(2)));
      assertEquals(List.of(), ids(task.drain(3)));
    }
  }

  @Test
  void inTimestampModeToo() throws Exception {
    try (RunningTask task = task("timestamp", null)) {
      insert(one, 1, "12:00:01");
      insert(other, 2, "12:00:30");
      other.commit();
      assertEquals(List.of(2L), ids(task.take(1)));
      one.commit();
      assertEquals(List.of(1L), ids(task.take(1)));
      run(one, "UPDATE stays SET changed = TIMESTAMP '2026-01-31 12:00:40' WHERE id = 2");
      one.commit();
      assertEquals(List.of(2L), ids(task.take(1)));
      assertEquals(List.of(), ids(task.drain(3)));
    }
  }

  @Test
  void whatIsCommittedLaterThanTheWindowIsNotFound() throws Exception {
    try (RunningTask task = task("timestamp", null)) {
      insert(one, 1, "12:00:00");
      insert(other, 2, "12:01:01");
      other.commit();
      assertEquals(List.of(2L), ids(task.take(1)));
      one.commit();
      assertEquals(List.of(), ids(task.drain(3)));
    }
  }

  @Test
  void aTaskThatStartsAgainBehindAnyRecordSendsTheRestOnce() throws Exception {
    for (int id = 1; id <= 10; id++) {
      insert(one, id, "12:00:" + (10 + id / 3)); // three rows of each moment
    }
    one.commit();
    for (String mode : List.of("incrementing", "timestamp", "timestamp+incrementing")) {
      List<SourceRecord> all;
      try (RunningTask task = task(mode, null)) {
        all = task.take(10);
      }
      assertEquals(10, all.size(), mode);
      for (int sent = 1; sent <= 10; sent++) {
        try (RunningTask again = task(mode, all.get(sent - 1))) {
          List<Object> rest = ids(all.subList(sent, 10));
          assertEquals(rest, ids(again.take(rest.size())), mode + " after " + sent);
          assertEquals(List.of(), ids(again.drain(2)), mode + " after " + sent);
        }
      }
    }
  }

  @Test
  void rowsOfOneMomentAreToldApartByTheirIdsHoweverManyThereAre() throws Exception {
    run(one, "INSERT INTO stays SELECT x, TIMESTAMP '2026-01-31 12:00:00', 'x' FROM SYSTEM_RANGE(1, 25000)");
    one.commit();
    List<SourceRecord> all;
    try (RunningTask task = task("timestamp+incrementing", null)) {
      all = task.take(25_000);
      assertEquals(LongStream.rangeClosed(1, 25_000).boxed().toList(), ids(all));
      insert(one, 25_001, "12:00:00");
      one.commit();
      all.addAll(task.take(1));
      assertEquals(25_001L, ids(all).get(25_000));
      assertEquals(List.of(), ids(task.drain(3)));
    }
    for (int sent : List.of(1, 15_000, 24_999, 25_000)) {
      try (RunningTask again = task("timestamp+incrementing", all.get(sent - 1))) {
        List<Object> rest = ids(all.subList(sent, all.size()));
        assertEquals(rest, ids(again.take(rest.size())), "after " + sent);
        assertEquals(List.of(), ids(again.drain(2)), "after " + sent);
      }
    }
  }

  @Test
  void withoutIdsTooManyRowsOfOneMomentAreRefused() throws Exception {
    run(one, "INSERT INTO stays SELECT x, TIMESTAMP '2026-01-31 12:00:00', 'x' FROM SYSTEM_RANGE(1, 20001)");
    one.commit();
    try (RunningTask task = task("timestamp", null)) {
      ConnectException told = assertThrows(ConnectException.class, () -> task.drain(2));
      assertTrue(told.getMessage().contains("use mode timestamp+incrementing"), told.getMessage());
    }
  }

  @Test
  void whatIsLateWhileMoreRowsAreReadThanCanBeRememberedIsNotPassedOver() throws Exception {
    insertEachMillisecond(one, 30_001, 45_000);
    insertEachMillisecond(other, 1, 30_000);
    one.commit();
    try (RunningTask task = task("timestamp+incrementing", null)) {
      assertEquals(15_000, task.take(15_000).size());
      other.commit();
      List<SourceRecord> late = task.take(30_000);
      assertEquals(LongStream.rangeClosed(1, 30_000).boxed().toList(), ids(late));
      try (RunningTask again = task("timestamp+incrementing", late.get(19_999))) {
        assertEquals(ids(late.subList(20_000, 30_000)), ids(again.take(10_000)));
        assertEquals(List.of(), ids(again.drain(2)));
      }
    }
  }

  @Test
  void whatConnectKeepsStaysBelowTheSizeOfARecord() throws Exception {
    insertEachMillisecond(one, 1, 60_000);
    one.commit();
    for (String mode : List.of("incrementing", "timestamp", "timestamp+incrementing")) {
      Map<String, String> settings = settings(mode);
      settings.put(JdbcSettings.INCREMENTING_LOOKBACK, "100000");
      try (RunningTask task = new RunningTask(new JdbcSourceTask(), settings, List.of())) {
        List<SourceRecord> records = task.take(60_000);
        assertEquals(60_000, records.size());
        for (int last = 999; last < 60_000; last += 1000) {
          int bytes = records.get(last).sourceOffset().toString().length();
          assertTrue(bytes < 900_000, bytes + " bytes after " + last + " rows, mode " + mode);
        }
      }
    }
  }

  @Test
  void offsetsAsTheyWereWrittenBeforeAreRead() throws Exception {
    for (int id = 1; id <= 4; id++) {
      insert(one, id, "12:00:0" + id);
    }
    one.commit();
    Map<String, Object> before = new HashMap<>();
    before.put("timestamp", "2026-01-31T12:00:03Z");
    before.put("floor", "2026-01-31T12:00:01Z");
    before.put("sent", "2026-01-31T12:00:01Z/1 2026-01-31T12:00:03Z/3");
    SourceRecord record = new SourceRecord(Source.partitionOf("PUBLIC.STAYS"), before, "t", null, null);
    try (RunningTask task = task("timestamp+incrementing", record)) {
      assertEquals(List.of(2L, 4L), ids(task.take(2)));
      assertEquals(List.of(), ids(task.drain(2)));
    }
  }

  @Test
  void anOffsetThatAPersonGivesBeginsBehindThatRow() throws Exception {
    for (int id = 1; id <= 3; id++) {
      insert(one, id, "12:00:00");
    }
    one.commit();
    Map<String, Object> given = Map.of("timestamp", "2026-01-31T12:00:00Z", "incrementing", 2L);
    SourceRecord record = new SourceRecord(Source.partitionOf("PUBLIC.STAYS"), given, "t", null, null);
    try (RunningTask task = task("timestamp+incrementing", record)) {
      assertEquals(List.of(3L), ids(task.take(1)));
      assertEquals(List.of(), ids(task.drain(2)));
    }
  }

  @Test
  void aReadEndsAtSomeMegabytes() throws Exception {
    run(one, "ALTER TABLE stays ALTER COLUMN name SET DATA TYPE VARCHAR(200000)");
    run(one, "INSERT INTO stays SELECT x, TIMESTAMP '2026-01-31 12:00:00', REPEAT('x', 100000) FROM SYSTEM_RANGE(1, 100)");
    one.commit();
    try (RunningTask task = task("incrementing", null)) {
      List<Integer> sizes = List.of(task.poll().size(), task.poll().size(), task.poll().size());
      assertEquals(List.of(42, 42, 16), sizes);
    }
  }

  @Test
  void aQueryIsReadLikeATable() throws Exception {
    insert(one, 1, "12:00:00");
    insert(one, 2, "12:00:00");
    one.commit();
    Map<String, String> settings = settings("incrementing");
    settings.remove(JdbcSettings.TASK_TABLES);
    settings.put(JdbcSettings.QUERY, "SELECT id, UPPER(name) AS name FROM stays WHERE id > 1");
    try (RunningTask task = new RunningTask(new JdbcSourceTask(), settings, List.of())) {
      List<SourceRecord> records = task.take(1);
      assertEquals(List.of("ROW 2"), RunningTask.values(records, "NAME"));
      assertEquals("p-", records.get(0).topic());
    }
  }

  @Test
  void bulkSendsEverythingEveryRound() throws Exception {
    insert(one, 1, "12:00:00");
    one.commit();
    try (RunningTask task = task("bulk", null)) {
      assertEquals(List.of(1L, 1L, 1L), ids(task.take(3)));
    }
  }

  private RunningTask task(String mode, SourceRecord behind) {
    return new RunningTask(new JdbcSourceTask(), settings(mode), behind == null ? List.of() : List.of(behind));
  }

  private Map<String, String> settings(String mode) {
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
    settings.put(JdbcSettings.TASK_TABLES, TableId.joined(List.of(new TableId("", "PUBLIC", "STAYS"))));
    return settings;
  }

  private static List<Object> ids(List<SourceRecord> records) {
    return RunningTask.values(records, "ID");
  }

  private static void insert(Connection connection, int id, String time) throws SQLException {
    run(connection, "INSERT INTO stays VALUES (" + id + ", TIMESTAMP '2026-01-31 " + time + "', 'row " + id + "')");
  }

  /** Rows from one id to another, and as many milliseconds behind noon. */
  private static void insertEachMillisecond(Connection connection, int from, int to) throws SQLException {
    run(
        connection,
        "INSERT INTO stays SELECT x, DATEADD(MILLISECOND, x, TIMESTAMP '2026-01-31 12:00:00'), 'x' FROM SYSTEM_RANGE("
            + from + ", " + to + ")");
  }

  private static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
