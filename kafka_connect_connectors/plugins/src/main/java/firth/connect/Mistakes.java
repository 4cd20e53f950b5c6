package firth.connect;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigValue;

/** Where settings do not fit together: each mistake is put where Connect shows it, at the setting to change. */
public final class Mistakes {
  private final Map<String, ConfigValue> values = new LinkedHashMap<>();
  private final boolean eachIsRight;

  /** Of settings that were checked one by one. */
  public Mistakes(Config config) {
    config.configValues().forEach(value -> values.put(value.name(), value));
    eachIsRight = config.configValues().stream().allMatch(value -> value.errorMessages().isEmpty());
  }

  /** Whether each setting is right by itself; only then can they be looked at together. */
  public boolean eachIsRight() {
    return eachIsRight;
  }

  /** Adds a mistake at a setting, which need not be one of the connector's. */
  public void add(String setting, String sentence) {
    values.computeIfAbsent(setting, ConfigValue::new).addErrorMessage(setting + ": " + sentence);
  }

  /** All settings with their mistakes. */
  public Config config() {
    return new Config(new ArrayList<>(values.values()));
  }

  /** Two names of one setting, lists, of which one may be given. */
  public void twoNames(AbstractConfig settings, String name, String older) {
    if (!settings.getList(name).isEmpty() && !settings.getList(older).isEmpty()) {
      add(older, "is another name of " + name + ": give one of them");
    }
  }

  /** Whether {@code reading} a setting throws; what it says is put at the setting. */
  public boolean isWrong(String setting, Supplier<?> reading) {
    try {
      reading.get();
      return false;
    } catch (RuntimeException e) {
      add(setting, e.getMessage());
      return true;
    }
  }
}
