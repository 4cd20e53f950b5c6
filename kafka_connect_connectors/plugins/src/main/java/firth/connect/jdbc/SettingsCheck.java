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

import firth.connect.Mistakes;
import java.util.Map;
import org.apache.kafka.common.config.Config;

/** Whether settings fit together; each mistake is put where Connect shows it, at the setting to change. */
final class SettingsCheck {
  private final Mistakes mistakes;

  private SettingsCheck(Mistakes mistakes) {
    this.mistakes = mistakes;
  }

  /** The values of {@code config}, each of which was checked by itself, and what else is wrong. */
  static Config check(Config config, Map<String, String> properties) {
    Mistakes mistakes = new Mistakes(config);
    JdbcSettings.NAMES.check(properties, mistakes);
    if (mistakes.eachIsRight()) {
      new SettingsCheck(mistakes).check(new JdbcSettings(properties));
    }
    return mistakes.config();
  }

  private void check(JdbcSettings settings) {
    checkDriver(settings);
    checkTables(settings);
    checkColumns(settings);
  }

  private void checkDriver(JdbcSettings settings) {
    if (Database.driver(settings.getString(URL)).isEmpty()) {
      mistakes.add(URL, "no driver in the plugin's folder takes this address; put the driver's jar beside the connector's");
    }
  }

  private void checkTables(JdbcSettings settings) {
    mistakes.twoNames(settings, INCLUDE, WHITELIST);
    mistakes.twoNames(settings, EXCLUDE, BLACKLIST);
    if (!settings.query().isEmpty() && !(settings.included().isEmpty() && settings.excluded().isEmpty())) {
      mistakes.add(QUERY, "a query is read in place of tables: give either the query or lists of tables");
    }
  }

  private void checkColumns(JdbcSettings settings) {
    Mode mode = settings.mode();
    boolean incrementing = !settings.getString(INCREMENTING).isBlank();
    boolean timestamp = !settings.getList(TIMESTAMP).isEmpty();
    fits(INCREMENTING, incrementing, mode.usesIncrementing(), mode);
    fits(TIMESTAMP, timestamp, mode.usesTimestamp(), mode);
    if (settings.getLong(INITIAL) != null && !mode.usesTimestamp()) {
      mistakes.add(INITIAL, "has no meaning with mode " + JdbcSettings.spelled(mode));
    }
  }

  private void fits(String setting, boolean given, boolean used, Mode mode) {
    if (used && !given) {
      mistakes.add(setting, "is needed by mode " + JdbcSettings.spelled(mode));
    }
    if (given && !used) {
      mistakes.add(MODE, "is " + JdbcSettings.spelled(mode) + ", which does not use " + setting + ": change one of them");
    }
  }
}
