package firth.connect;

import java.util.Arrays;
import java.util.Locale;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.Width;
import org.apache.kafka.common.config.ConfigException;

/** Adds settings to a {@link ConfigDef}, in groups and numbered within them. */
public final class Definition {
  private final ConfigDef definition = new ConfigDef();
  private String group;
  private int order;

  /** What is added from here on belongs to the group {@code name}. */
  public void group(String name) {
    group = name;
    order = 0;
  }

  /** A setting without which there is no connector. */
  public void needed(String name, Type type, ConfigDef.Validator validator, String doc) {
    add(name, type, ConfigDef.NO_DEFAULT_VALUE, validator, Importance.HIGH, doc);
  }

  /** A setting that is {@code otherwise} where it is not given. */
  public void add(
      String name, Type type, Object otherwise, ConfigDef.Validator check, Importance importance, String doc) {
    definition.define(name, type, otherwise, check, importance, doc, group, ++order, Width.MEDIUM, name);
  }

  public ConfigDef done() {
    return definition;
  }

  /** Refuses a text of nothing. */
  public static ConfigDef.Validator notBlank() {
    return ConfigDef.LambdaValidator.with(
        (name, value) -> {
          if (value != null && ((String) value).isBlank()) {
            throw new ConfigException(name, value, "is empty");
          }
        },
        () -> "not empty");
  }

  /** Refuses what is not the name of one of {@code values}, in capitals or not. */
  public static <E extends Enum<E>> ConfigDef.Validator oneOf(Class<E> values) {
    return ConfigDef.CaseInsensitiveValidString.in(
        Arrays.stream(values.getEnumConstants()).map(Enum::name).toArray(String[]::new));
  }

  /** The one of {@code values} that {@link #oneOf} let pass. */
  public static <E extends Enum<E>> E chosen(Class<E> values, String name) {
    return Enum.valueOf(values, name.toUpperCase(Locale.ROOT));
  }
}
