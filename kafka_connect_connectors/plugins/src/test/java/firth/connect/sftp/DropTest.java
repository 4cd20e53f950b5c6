package firth.connect.sftp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import firth.connect.RunningTask;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.SourceRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The task on a real SFTP server. */
class DropTest {
  @TempDir Path home;
  private SftpFolder folder;

  @BeforeEach
  void serve() throws Exception {
    folder = new SftpFolder(home);
  }

  @AfterEach
  void close() throws Exception {
    folder.close();
  }

  @Test
  void filesAreReadInOrderOfTimeThenName() throws Exception {
    folder.drop("b.csv", "n\n1\n2\n");
    folder.drop("a b's \"file\".csv", "n\n3\n");
    folder.drop("other.txt", "n\n9\n");
    try (RunningTask task = folder.task()) {
      List<SourceRecord> records = task.take(3);
      assertEquals(List.of("1", "2", "3"), numbers(records));
      assertEquals("a b's \"file\".csv", file(records.get(2)));
      assertEquals(2L, records.get(2).headers().lastWithName("source.line").value());
      folder.drop("c.csv", "n\n4\n");
      assertEquals(List.of("4"), numbers(task.take(1)));
    }
  }

  @Test
  void aFileIsMovedWhenItsLastRecordIsCommittedAndNotBefore() throws Exception {
    folder.drop("a.csv", "n\n1\n2\n");
    try (RunningTask task = folder.task()) {
      List<SourceRecord> records = task.take(2);
      task.commit(records.get(0));
      assertEquals(List.of(), task.drain(3));
      assertEquals(List.of("a.csv"), folder.names("in"));
      task.commit(records.get(1));
      until(task, () -> folder.names("in").isEmpty());
      assertEquals(List.of("a.csv"), folder.names("finished"));
    }
  }

  @Test
  void twoFilesOfOneNameAreTwoFiles() throws Exception {
    try (RunningTask task = folder.task()) {
      for (int time = 1; time <= 3; time++) {
        Path dropped = folder.drop("a.csv", "n\n7\n");
        Files.setLastModifiedTime(dropped, FileTime.fromMillis(5_000)); // and of one time
        List<SourceRecord> records = task.take(1);
        assertEquals(List.of("7"), numbers(records));
        task.commit(records.get(0));
        until(task, () -> folder.names("in").isEmpty());
      }
      assertEquals(List.of("a.csv", "a.csv.2", "a.csv.3"), folder.names("finished"));
    }
  }

  @Test
  void aTaskThatStartsAgainBehindAnyRecordSendsTheRestOnce() throws Exception {
    folder.drop("a.csv", "n\n1\n\"2\n2\"\nbad,line\n3\n");
    folder.drop("b.csv.gz", CsvTest.gzip("n\n4\n5\n6\n"));
    folder.drop("c.csv", "\uFEFFn\n7\n8\n".getBytes(StandardCharsets.UTF_16LE));
    List<SourceRecord> all;
    try (RunningTask task = folder.task("batch.size", "2")) {
      all = task.take(9);
    }
    assertEquals(9, all.size());
    for (int sent = 1; sent <= 9; sent++) {
      List<SourceRecord> rest = all.subList(sent, 9);
      try (RunningTask again = folder.task(all.subList(0, sent), "batch.size", "2")) {
        assertEquals(contents(rest), contents(again.take(rest.size())), "after " + sent);
        assertEquals(List.of(), again.drain(3), "after " + sent);
      }
    }
  }

  @Test
  void filesThatAreLeftAreRemembered() throws Exception {
    folder.drop("a.csv", "n\n1\n");
    folder.drop("b.csv", "n\n2\n");
    List<SourceRecord> records;
    try (RunningTask task = folder.task("cleanup.policy", "NONE")) {
      records = task.take(2);
      assertEquals(List.of(), task.drain(3));
    }
    try (RunningTask again = folder.task(records, "cleanup.policy", "NONE")) {
      assertEquals(List.of(), again.drain(3));
      folder.drop("a.csv", "n\n3\n");
      assertEquals(List.of("3"), numbers(again.take(1)));
    }
    assertEquals(List.of("a.csv", "b.csv"), folder.names("in"));
  }

  @Test
  void finishedFilesAreDeletedWhereThatIsAsked() throws Exception {
    folder.drop("a.csv", "n\n1\n");
    folder.drop("empty.csv", "");
    folder.drop("header.csv", "n\n");
    try (RunningTask task = folder.task("cleanup.policy", "DELETE")) {
      task.commit(task.take(1).get(0));
      until(task, () -> folder.names("in").isEmpty());
    }
  }

  @Test
  void whatAnEarlierTaskHasReadIsCleanedUpByTheNext() throws Exception {
    folder.drop("a.csv", "n\n1\n");
    folder.drop("b.csv", "n\n2\n");
    List<SourceRecord> records;
    try (RunningTask task = folder.task()) {
      records = task.take(2);
    }
    try (RunningTask again = folder.task(records)) {
      until(again, () -> folder.names("in").isEmpty());
      assertEquals(List.of(), again.drain(2));
    }
    assertEquals(List.of("a.csv", "b.csv"), folder.names("finished"));
  }

  @Test
  void aFileThatMayStillBeWrittenIsLeftAlone() throws Exception {
    folder.drop("a.csv", "n\n1\n");
    try (RunningTask task = folder.task("file.minimum.age.ms", "600000")) {
      assertEquals(List.of(), task.drain(5));
    }
    assertEquals(List.of("a.csv"), folder.names("in"));
  }

  @Test
  void badLinesGoToTheDeadLettersWithTheirPlaceAndReason() throws Exception {
    folder.drop("a.csv", "n,m\n1,x\nsecret\n2,y\n");
    try (RunningTask task = folder.task()) {
      SourceRecord letter = task.take(3).get(1);
      assertEquals("DLQ-drop", letter.topic());
      assertEquals("secret\n", new String((byte[]) letter.value(), StandardCharsets.UTF_8));
      Map<String, Object> headers = new HashMap<>();
      letter.headers().forEach(header -> headers.put(header.key(), header.value()));
      assertEquals(
          Map.of(
              "source.file", "a.csv",
              "source.line", 3L,
              "error.reason", "columns",
              "error.message", "it has 1 columns, not 2"),
          headers);
    }
  }

  @Test
  void aBadLineEndsTheTaskWhereThatIsAskedBehindTheRecordsBeforeIt() throws Exception {
    folder.drop("a.csv", "n,m\n1,x\nsecret\n2,y\n");
    try (RunningTask task = folder.task("behavior.on.error", "FAIL")) {
      List<SourceRecord> before = task.take(1);
      assertEquals(1, before.size());
      ConnectException failure = assertThrows(ConnectException.class, () -> task.drain(3));
      assertTrue(failure.getMessage().startsWith("a.csv: line 3: it has 1 columns, not 2"), failure.getMessage());
      assertFalse(failure.getMessage().contains("secret"));
    }
  }

  @Test
  void aFileThatCannotBeReadGoesToTheErrorFolder() throws Exception {
    folder.drop("a.csv", "n,n\n1,2\n");
    folder.drop("b.csv.gz", Arrays.copyOf(CsvTest.gzip("n\n1\n".repeat(9999)), 60));
    folder.drop("c.csv", "n\n1\n");
    try (RunningTask task = folder.task()) {
      List<SourceRecord> records = task.drain(3);
      List<Object> letters = records.stream().filter(record -> record.topic().equals("DLQ-drop")).map(DropTest::file).toList();
      assertEquals(List.of("a.csv", "b.csv.gz"), letters);
      for (SourceRecord record : records) {
        task.commit(record);
      }
      until(task, () -> folder.names("in").isEmpty());
    }
    assertEquals(List.of("a.csv", "b.csv.gz"), folder.names("error"));
    assertEquals(List.of("c.csv"), folder.names("finished"));
  }

  @Test
  void aBrokenConnectionIsMadeAgainAndNothingIsLostOrDoubled() throws Exception {
    StringBuilder content = new StringBuilder("n\n");
    for (int number = 0; number < 200_000; number++) {
      content.append(number).append('\n');
    }
    folder.drop("a.csv", content.toString());
    List<Object> numbers = new ArrayList<>();
    try (RunningTask task = folder.task("batch.size", "1000")) {
      while (numbers.size() < 200_000) {
        numbers.addAll(numbers(task.poll()));
        if (numbers.size() % 50_000 == 0) {
          folder.disconnect();
        }
      }
    }
    for (int number = 0; number < 200_000; number++) {
      assertEquals(Integer.toString(number), numbers.get(number));
    }
  }

  @Test
  void anOffsetThatAPersonWroteIsGoneOnBehind() throws Exception {
    folder.drop("a.csv", "n\n1\n2\n3\n");
    Map<String, String> partition = Part.partition("/in", Part.of("a.csv"));
    SourceRecord behind = new SourceRecord(partition, Map.of("file", "a.csv", "line", 3), "rows", null, null);
    try (RunningTask task = folder.task(List.of(behind))) {
      assertEquals(List.of("3"), numbers(task.take(1)));
    }
  }

  @Test
  void messagesOfHl7FilesAreSentAsBytesAndTheFileIsMoved() throws Exception {
    folder.drop("a.csv", "MSH|^~\\&|APP|WARD|||||ACK|17"); // no end of its line
    folder.drop("b.csv", "FHS|^~\\&\rMSH|^~\\&|APP|WARD|||||ACK|18\rFTS|1\r");
    try (RunningTask task = folder.task("record.format", "hl7v2")) {
      List<SourceRecord> records = task.take(2);
      assertEquals(List.of("WARD|17", "WARD|18"), records.stream().map(record -> text(record.key())).toList());
      task.commit(records.get(0));
      task.commit(records.get(1));
      until(task, () -> folder.names("in").isEmpty());
    }
  }

  @Test
  void aServerThatIsNotKnownIsRefused() throws Exception {
    folder.know("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGnuqag47uahySyVkfkfoqOHQ0DmiyHf04HnCBaA+EK1D3fVlmK7/vXUDtMMTSzVvBMUqxaYrIVoEClhCe1KHZY=");
    try (RunningTask task = folder.task()) {
      ConnectException failure = assertThrows(ConnectException.class, () -> task.drain(3));
      assertTrue(failure.getMessage().contains("the server's key is not the one that is known"), failure.getMessage());
    }
    folder.drop("a.csv", "n\n1\n");
    try (RunningTask task = folder.task("sftp.host.key.check", "false")) {
      assertEquals(1, task.take(1).size());
    }
  }

  @Test
  void aRefusedLoginAndAMissingFolderEndTheTaskAtOnce() {
    try (RunningTask task = folder.task("sftp.password", "wrong")) {
      assertTrue(failure(task).contains("the server refuses the login; tried 1 time"), failure(task));
    }
    try (RunningTask task = folder.task("input.path", "/nowhere")) {
      assertTrue(failure(task).contains("input.path"), failure(task));
    }
  }

  @Test
  void aPrivateKeyIsTakenInPlaceOfAPassword() throws Exception {
    Path key = folder.key(home.resolve("key").toString());
    folder.drop("a.csv", "n\n1\n");
    String file = key.toString();
    try (RunningTask task = folder.task("sftp.password", "", "sftp.private.key.file", file, "sftp.private.key.passphrase", "phrase")) {
      assertEquals(1, task.take(1).size());
    }
    try (RunningTask task = folder.task("sftp.private.key.file", file, "sftp.private.key.passphrase", "wrong")) {
      assertTrue(failure(task).contains("holds no private key, or one with another passphrase"), failure(task));
    }
  }

  private static Object file(SourceRecord record) {
    return record.headers().lastWithName("source.file").value();
  }

  private static String failure(RunningTask task) {
    return assertThrows(ConnectException.class, () -> task.drain(3)).getMessage();
  }

  private static List<Object> numbers(List<SourceRecord> records) {
    return RunningTask.values(records, "n");
  }

  /** Topic and value of each. */
  private static List<String> contents(List<SourceRecord> records) {
    return records.stream().map(record -> record.topic() + text(record.value())).toList();
  }

  private static String text(Object value) {
    return value instanceof Struct struct ? struct.toString() : new String((byte[]) value, StandardCharsets.UTF_8);
  }

  private static void until(RunningTask task, Callable<Boolean> condition) throws Exception {
    long limit = System.nanoTime() + 10_000_000_000L;
    while (!condition.call()) {
      assertTrue(System.nanoTime() < limit, "it did not happen within ten seconds");
      assertEquals(List.of(), task.poll());
    }
  }
}
