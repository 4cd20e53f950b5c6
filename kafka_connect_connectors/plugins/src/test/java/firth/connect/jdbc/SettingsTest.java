package firth.connect.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import firth.connect.Documentation;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.junit.jupiter.api.Test;

class SettingsTest {
  private final JdbcSourceConnector connector = new JdbcSourceConnector();
  private final Map<String, String> right =
      Map.of(
          "connection.url", "jdbc:postgresql://localhost/mimic",
          "mode", "incrementing",
          "incrementing.column.name", "row_id",
          "topic.prefix", "mimic-",
          "table.whitelist", "admissions");

  @Test
  void whatIsRightHasNoMistakes() {
    assertEquals(Map.of(), mistakes(Map.of()));
  }

  @Test
  void eachMistakeStandsAtItsSetting() {
    assertEquals(
        Map.of("connection.url", "Missing", "mode", "Missing", "topic.prefix", "Missing"),
        firstWords(connector.validate(Map.of()).configValues()));
    assertTrue(mistakes(Map.of("mode", "quickly")).get("mode").contains("quickly"));
    assertTrue(mistakes(Map.of("db.timezone", "Mars/Olympus")).get("db.timezone").contains("no time zone"));
    assertTrue(mistakes(Map.of("connection.url", "jdbc:nosuch:x")).get("connection.url").contains("driver"));
    assertTrue(mistakes(Map.of("query", "SELECT 1")).get("query").contains("either the query or lists"));
    assertTrue(mistakes(Map.of("mode", "timestamp")).get("timestamp.column.name").contains("needed by mode timestamp"));
    assertTrue(mistakes(Map.of("mode", "timestamp")).get("mode").contains("does not use incrementing.column.name"));
    assertTrue(mistakes(Map.of("table.include.list", "a")).get("table.whitelist").contains("another name of"));
  }

  @Test
  void everySettingIsExplained() throws IOException {
    Documentation.check(JdbcSettings.DEFINITION);
    Documentation.checkNotTaken(JdbcSettings.NOT_TAKEN);
  }

  @Test
  void aNameThatIsNotKnownIsAMistakeWithTheNearestOne() {
    for (String[] slip :
        new String[][] {
          {"table.inclde.list", "table.include.list"},
          {"tabel.include.list", "table.include.list"},
          {"incrementing.colum.name", "incrementing.column.name"},
          {"numeric.maping", "numeric.mapping"},
          {"key.columms", "key.columns"},
          {"db.fetch.size", "fetch.size"},
        }) {
      String sentence = slip[0] + ": is not known; the nearest name is " + slip[1];
      assertEquals(Map.of(slip[0], sentence), mistakes(Map.of(slip[0], "x")));
    }
    assertEquals(Map.of("schema.x", "schema.x: is not known"), mistakes(Map.of("schema.x", "x")));
  }

  @Test
  void namesOfConnectAndOfTheDriverAreLeftAlone() {
    for (String name :
        List.of(
            "name",
            "tasks.max",
            "key.converter.schemas.enable",
            "topic.creation.default.partitions",
            "transforms.unwrap.type",
            "errors.tolerance",
            "producer.override.linger.ms",
            "connection.useCursorFetch")) {
      assertEquals(Map.of(), mistakes(Map.of(name, "1")), name);
    }
  }

  @Test
  void whatOthersHaveAndWeHaveNotIsAMistakeUnlessItChangesNothing() {
    String name = "numeric.precision.mapping";
    String sentence = name + ": is not taken: numeric.mapping=precision_only is what true meant.";
    assertEquals(Map.of(name, sentence), mistakes(Map.of(name, "true")));
    assertEquals(
        Map.of(),
        mistakes(Map.of(name, "False", "query.suffix", "", "dialect.name", "PostgreSql", "timestamp.delay.interval.ms", "9")));
  }

  @Test
  void aConfigurationAsFhirRiverHasThemIsRight() {
    Map<String, String> river = new HashMap<>();
    river.put("connector.class", "firth.connect.jdbc.JdbcSourceConnector");
    river.put("tasks.max", "1");
    river.put("connection.url", "jdbc:postgresql://mimic:5432/mimic");
    river.put("connection.user", "mimicuser");
    river.put("connection.password", "mimicuser");
    river.put("mode", "incrementing");
    river.put("incrementing.column.name", "row_id");
    river.put("topic.prefix", "mimic-");
    river.put("table.whitelist", "admissions");
    river.put("name", "jdbc-source");
    assertEquals(Map.of(), Documentation.mistakes(connector.validate(river).configValues()));
  }

  @Test
  void whatIsTheDriversOwnIsHandedOn() {
    Map<String, String> given = with(Map.of("connection.sslmode", "verify-full", "connection.attempts", "3"));
    assertEquals(Map.of("sslmode", "verify-full"), new JdbcSettings(given).driverProperties());
  }

  @Test
  void onlyBulkCannotBeExactlyOnce() {
    assertEquals(ExactlyOnceSupport.SUPPORTED, connector.exactlyOnceSupport(right));
    assertEquals(ExactlyOnceSupport.UNSUPPORTED, connector.exactlyOnceSupport(with(Map.of("mode", "bulk"))));
  }

  @Test
  void offsetsToBeginBehindAreTakenAndOthersExplained() {
    Map<String, String> table = Map.of("table", "public.admissions");
    assertTrue(connector.alterOffsets(right, offset(table, Map.of("incrementing", 1000))));
    assertTrue(connector.alterOffsets(right, offset(table, null)));
    assertRefused(offset(Map.of("tabel", "x"), Map.of("incrementing", 1)), "write {\"table\": \"schema.table\"}");
    assertRefused(offset(table, Map.of("id", 1)), "\"id\" is not known; write {\"incrementing\": 1000}");
    assertRefused(offset(table, Map.of("incrementing", "many")), "no whole number");
    assertRefused(offset(table, Map.of("timestamp", "2026-01-31T12:00:00Z")), "has no \"incrementing\"");
  }

  private void assertRefused(Map<Map<String, ?>, Map<String, ?>> offsets, String reason) {
    ConnectException refusal = assertThrows(ConnectException.class, () -> connector.alterOffsets(right, offsets));
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
  }

  private static Map<Map<String, ?>, Map<String, ?>> offset(Map<String, String> partition, Map<String, ?> offset) {
    Map<Map<String, ?>, Map<String, ?>> offsets = new HashMap<>();
    offsets.put(partition, offset);
    return offsets;
  }

  private Map<String, String> with(Map<String, String> others) {
    Map<String, String> all = new HashMap<>(right);
    all.putAll(others);
    return all;
  }

  private Map<String, String> mistakes(Map<String, String> others) {
    return Documentation.mistakes(connector.validate(with(others)).configValues());
  }

  private static Map<String, String> firstWords(List<ConfigValue> values) {
    return values.stream()
        .filter(value -> !value.errorMessages().isEmpty())
        .collect(Collectors.toMap(ConfigValue::name, value -> value.errorMessages().get(0).split(" ")[0]));
  }
}
