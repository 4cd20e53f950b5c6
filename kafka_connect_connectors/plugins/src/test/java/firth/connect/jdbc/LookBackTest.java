package firth.connect.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import firth.connect.RunningTask;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
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

  private static void run(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
