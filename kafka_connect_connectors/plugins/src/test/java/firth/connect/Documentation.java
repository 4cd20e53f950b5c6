package firth.connect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigValue;

/** What every connector has to tell of its settings. */
public final class Documentation {
  private Documentation() {}

  /** Each setting is explained by a sentence, in a group, and so in the README. */
  public static void check(ConfigDef definition) throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    definition.configKeys().values().forEach(key -> assertTrue(key.documentation.endsWith(".") && key.group != null, key.name));
    String missing =
        definition.configKeys().values().stream()
            .map(Documentation::row)
            .filter(row -> !readme.contains(row))
            .collect(Collectors.joining("\n"));
    assertEquals("", missing);
  }

  /** Each setting that others have and ours has not is in the README, with what to do instead. */
  public static void checkNotTaken(List<NotTaken> settings) throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    String missing =
        settings.stream()
            .map(setting -> "| `" + setting.name() + "` | " + setting.instead() + " |")
            .filter(row -> !readme.contains(row))
            .collect(Collectors.joining("\n"));
    assertEquals("", missing);
  }

  /** What is said to be wrong, by setting. */
  public static Map<String, String> mistakes(List<ConfigValue> values) {
    return values.stream()
        .filter(value -> !value.errorMessages().isEmpty())
        .collect(Collectors.toMap(ConfigValue::name, value -> String.join("\n", value.errorMessages())));
  }

  private static String row(ConfigDef.ConfigKey key) {
    boolean hasDefault = key.hasDefault() && key.defaultValue != null && !key.defaultValue.equals("");
    String otherwise = hasDefault ? ConfigDef.convertToString(key.defaultValue, key.type) : "";
    return "| `" + key.name + "` | " + (key.hasDefault() ? otherwise : "needed") + " | " + key.documentation + " |";
  }
}
