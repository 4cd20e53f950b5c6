package firth.connect.jdbc;

import static firth.connect.jdbc.JdbcSettings.BLACKLIST;
import static firth.connect.jdbc.JdbcSettings.EXCLUDE;
import static firth.connect.jdbc.JdbcSettings.INCLUDE;
import static firth.connect.jdbc.JdbcSettings.INCREMENTING;
import static firth.connect.jdbc.JdbcSettings.INITIAL;
import static firth.connect.jdbc.JdbcSettings.MODE;
import static firth.connect.jdbc.JdbcSettings.QUERY;
import static firth.connect.jdbc.JdbcSettings.TIMESTAMP;
import static firth.connect.jdbc.JdbcSettings.URL;
import static firth.connect.jdbc.JdbcSettings.WHITELIST;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigValue;

/** Whether settings fit together; each mistake is put where Connect shows it, at the setting to change. */
final class SettingsCheck {
  private final Map<String, ConfigValue> values = new HashMap<>();

  private SettingsCheck(Config config) {
    config.configValues().forEach(value -> values.put(value.name(), value));
  }

  /** Adds what is wrong to the values of {@code config}, each of which was checked by itself. */
  static Config check(Config config, Map<String, String> properties) {
    boolean eachIsRight = config.configValues().stream().allMatch(value -> value.errorMessages().isEmpty());
    if (eachIsRight) {
      new SettingsCheck(config).check(new JdbcSettings(properties));
    }
    return config;
  }

  private void check(JdbcSettings settings) {
    checkDriver(settings);
    checkTables(settings);
    checkColumns(settings);
  }

  private void checkDriver(JdbcSettings settings) {
    if (Database.driver(settings.getString(URL)).isEmpty()) {
      mistake(URL, "no driver in the plugin's folder takes this address; put the driver's jar beside the connector's");
    }
  }

  private void checkTables(JdbcSettings settings) {
    twoNames(settings, INCLUDE, WHITELIST);
    twoNames(settings, EXCLUDE, BLACKLIST);
    if (!settings.query().isEmpty() && !(settings.included().isEmpty() && settings.excluded().isEmpty())) {
      mistake(QUERY, "a query is read in place of tables: give either the query or lists of tables");
    }
  }

  private void twoNames(JdbcSettings settings, String name, String older) {
    if (!settings.getList(name).isEmpty() && !settings.getList(older).isEmpty()) {
      mistake(older, "is another name of " + name + ": give one of them");
    }
  }

  private void checkColumns(JdbcSettings settings) {
    Mode mode = settings.mode();
    boolean incrementing = !settings.getString(INCREMENTING).isBlank();
    boolean timestamp = !settings.getList(TIMESTAMP).isEmpty();
    fits(INCREMENTING, incrementing, mode.usesIncrementing(), mode);
    fits(TIMESTAMP, timestamp, mode.usesTimestamp(), mode);
    if (settings.getLong(INITIAL) != null && !mode.usesTimestamp()) {
      mistake(INITIAL, "has no meaning with mode " + JdbcSettings.spelled(mode));
    }
  }

  private void fits(String setting, boolean given, boolean used, Mode mode) {
    if (used && !given) {
      mistake(setting, "is needed by mode " + JdbcSettings.spelled(mode));
    }
    if (given && !used) {
      mistake(MODE, "is " + JdbcSettings.spelled(mode) + ", which does not use " + setting + ": change one of them");
    }
  }

  private void mistake(String setting, String sentence) {
    values.get(setting).addErrorMessage(setting + ": " + sentence);
  }
}
