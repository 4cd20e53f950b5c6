package firth.connect.sftp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import firth.connect.Documentation;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.connect.errors.ConnectException;
import org.junit.jupiter.api.Test;

class SettingsTest {
  private final SftpSourceConnector connector = new SftpSourceConnector();
  private final Map<String, String> right =
      Map.of(
          "sftp.host", "localhost",
          "sftp.username", "firth",
          "sftp.password", "secret",
          "input.path", "/in",
          "finished.path", "/finished",
          "kafka.topic", "rows");

  @Test
  void whatIsRightHasNoMistakes() {
    assertEquals(Map.of(), mistakes());
    String key = "{\"name\":\"csv-test\",\"type\":\"STRUCT\",\"isOptional\":false,\"fieldSchemas\":{}}";
    assertEquals(Map.of(), mistakes("value.schema", Contents.schema("name:STRING"), "key.schema", key));
  }

  @Test
  void eachMistakeStandsAtItsSetting() {
    assertEquals(
        Set.of("sftp.host", "sftp.username", "input.path", "kafka.topic"),
        Documentation.mistakes(connector.validate(Map.of()).configValues()).keySet());
    assertMistake("finished.path", "is needed by cleanup.policy=MOVE", "finished.path", "");
    assertMistake("error.path", "would be read again", "error.path", "/in/");
    assertMistake("input.file.pattern", "is no regular expression", "input.file.pattern", "(");
    assertMistake("file.charset", "is no encoding", "file.charset", "UTF-9");
    assertMistake("csv.separator.char", "not one ASCII character", "csv.separator.char", "ab");
    assertMistake("csv.quote.char", "is the same as csv.separator.char", "csv.quote.char", ",");
    assertMistake("value.schema", "is no JSON", "value.schema", "{");
    assertMistake("value.schema", "a: type \"TEXT\" is none of BOOLEAN", "value.schema", Contents.schema("a:TEXT"));
    assertMistake("key.columns", "there is no column b", "value.schema", Contents.schema("a:STRING"), "key.columns", "b");
    assertMistake("parser.timestamp.timezone", "is no time zone", "parser.timestamp.timezone", "Mars");
    assertMistake("behavior.on.error", "IGNORE", "behavior.on.error", "SHRUG");
  }

  private void assertMistake(String setting, String words, String... others) {
    Map<String, String> found = mistakes(others);
    assertEquals(Set.of(setting), found.keySet());
    assertTrue(found.get(setting).contains(words), found.get(setting));
  }

  @Test
  void everySettingIsExplained() throws IOException {
    Documentation.check(SftpSettings.DEFINITION);
    Documentation.checkNotTaken(SftpSettings.NOT_TAKEN);
  }

  @Test
  void aNameThatIsNotKnownIsAMistakeWithTheNearestOne() {
    assertMistake("csv.seperator.char", "the nearest name is csv.separator.char", "csv.seperator.char", ";");
    assertMistake("cvs.quote.char", "the nearest name is csv.quote.char", "cvs.quote.char", "'");
    assertMistake("connection.attemps", "the nearest name is connection.attempts", "connection.attemps", "3");
    assertMistake("value.shema", "the nearest name is value.schema", "value.shema", "{}");
    assertEquals(Map.of(), mistakes("value.converter", "x", "topic.creation.default.partitions", "4"));
  }

  @Test
  void whatOthersHaveAndWeHaveNotIsAMistakeUnlessItChangesNothing() {
    assertMistake("csv.file.charset", "is not taken: file.charset says it.", "csv.file.charset", "UTF-16");
    assertMistake("csv.strict.quotes", "never left out", "csv.strict.quotes", "true");
    assertEquals(Map.of(), mistakes("csv.strict.quotes", "false", "csv.verify.reader", "true", "csv.file.charset", ""));
  }

  @Test
  void aConfigurationAsFhirRiverHasThemIsRight() {
    Map<String, String> river = new HashMap<>();
    river.put("errors.log.enable", "true");
    river.put("tasks.max", "1");
    river.put("connector.class", "firth.connect.sftp.SftpSourceConnector");
    river.put("cleanup.policy", "MOVE");
    river.put("behavior.on.error", "IGNORE");
    river.put("input.path", "/upload/data");
    river.put("error.path", "/upload/error");
    river.put("finished.path", "/upload/finished");
    river.put("empty.poll.wait.ms", "1000");
    river.put("input.file.pattern", "^.*\\.csv$");
    river.put("sftp.username", "arkhn");
    river.put("sftp.password", "arkhnpwd");
    river.put("sftp.host", "sftp");
    river.put("sftp.port", "22");
    river.put("kafka.topic", "sftp-ambroise-pare");
    river.put("csv.first.row.as.header", "false");
    river.put("value.schema", Contents.schema("name:STRING", "disease:STRING"));
    river.put("key.schema", "{\"name\":\"csv-test\",\"type\":\"STRUCT\",\"isOptional\":false,\"fieldSchemas\":{}}");
    assertEquals(Map.of(), Documentation.mistakes(connector.validate(river).configValues()));
  }

  @Test
  void eachPartOfTheFolderIsOneTasks() {
    connector.start(right);
    for (int most : List.of(1, 3, 16, 40)) {
      List<String> parts =
          connector.taskConfigs(most).stream().flatMap(task -> Arrays.stream(task.get("task.parts").split(","))).toList();
      assertEquals(Part.COUNT, parts.size());
      assertEquals(Part.COUNT, new HashSet<>(parts).size());
    }
  }

  @Test
  void offsetsToBeginBehindAreTakenAndOthersExplained() {
    Map<String, ?> partition = Part.partition("/in", Part.of("a.csv"));
    assertTrue(connector.alterOffsets(right, offset(partition, Map.of("file", "a.csv", "line", 1000))));
    assertTrue(connector.alterOffsets(right, offset(partition, null)));
    assertRefused(offset(Map.of("file", "a.csv"), Map.of()), "write {\"part\": \"/in#0\"}, 0 to 15");
    assertRefused(offset(partition, Map.of("line", 1)), "write {\"file\": \"a.csv\", \"line\": 1000}");
    assertRefused(offset(partition, Map.of("file", "b.csv", "line", 1)), "b.csv belongs to part " + Part.of("b.csv"));
  }

  private void assertRefused(Map<Map<String, ?>, Map<String, ?>> offsets, String reason) {
    ConnectException refusal = assertThrows(ConnectException.class, () -> connector.alterOffsets(right, offsets));
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }

  private static Map<Map<String, ?>, Map<String, ?>> offset(Map<String, ?> partition, Map<String, ?> offset) {
    Map<Map<String, ?>, Map<String, ?>> offsets = new HashMap<>();
    offsets.put(partition, offset);
    return offsets;
  }

  private Map<String, String> mistakes(String... others) {
    Map<String, String> all = new HashMap<>(right);
    for (int index = 0; index < others.length; index += 2) {
      all.put(others[index], others[index + 1]);
    }
    return Documentation.mistakes(connector.validate(all).configValues());
  }
}
