package firth.connect.sftp;

import firth.connect.Mistakes;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;

/** Whether settings fit together; each mistake is put where Connect shows it, at the setting to change. */
final class SettingsCheck {
  private final Mistakes mistakes;

  private SettingsCheck(Mistakes mistakes) {
    this.mistakes = mistakes;
  }

  /** The values of {@code config}, each of which was checked by itself, and what else is wrong. */
  static Config check(Config config, Map<String, String> properties) {
    Mistakes mistakes = new Mistakes(config);
    SftpSettings.NAMES.check(properties, mistakes);
    if (mistakes.eachIsRight()) {
      new SettingsCheck(mistakes).check(new SftpSettings(properties));
    }
    return mistakes.config();
  }

  private void check(SftpSettings settings) {
    boolean password = SftpSettings.isGiven(settings.getPassword(SftpSettings.PASSWORD));
    if (!password && settings.getString(SftpSettings.KEY_FILE).isBlank()) {
      mistakes.add(SftpSettings.PASSWORD, "there is neither a password nor " + SftpSettings.KEY_FILE);
    }
    checkFolders(settings);
    mistakes.twoNames(settings, SftpSettings.KEY, SftpSettings.GENERATED_KEY);
    if (settings.format() == RecordFormat.CSV) {
      checkCharacters(settings);
      checkSchemas(settings);
    }
  }

  private void checkFolders(SftpSettings settings) {
    if (settings.cleanup() == Cleanup.MOVE && settings.getString(SftpSettings.FINISHED).isBlank()) {
      mistakes.add(SftpSettings.FINISHED, "is needed by " + SftpSettings.CLEANUP + "=MOVE");
    }
    for (String setting : List.of(SftpSettings.FINISHED, SftpSettings.ERROR)) {
      String folder = settings.getString(setting);
      if (!folder.isBlank() && withoutSlash(folder).equals(withoutSlash(settings.getString(SftpSettings.INPUT)))) {
        mistakes.add(setting, "is " + SftpSettings.INPUT + ": its files would be read again");
      }
    }
  }

  private void checkCharacters(SftpSettings settings) {
    int separator = settings.character(SftpSettings.SEPARATOR);
    if (separator == Window.NONE) {
      mistakes.add(SftpSettings.SEPARATOR, "is empty");
    } else if (separator == settings.character(SftpSettings.QUOTE)) {
      mistakes.add(SftpSettings.QUOTE, "is the same as " + SftpSettings.SEPARATOR);
    } else if (separator == settings.character(SftpSettings.ESCAPE)) {
      mistakes.add(SftpSettings.ESCAPE, "is the same as " + SftpSettings.SEPARATOR);
    }
  }

  private void checkSchemas(SftpSettings settings) {
    boolean wrong =
        mistakes.isWrong(SftpSettings.VALUE_SCHEMA, settings::valueSchema)
            | mistakes.isWrong(SftpSettings.KEY_SCHEMA, settings::keySchema);
    if (wrong) {
      return;
    }
    if (settings.keySchema() != null && !settings.keyColumns().isEmpty()) {
      mistakes.add(SftpSettings.KEY, SftpSettings.KEY_SCHEMA + " says what the key is made of: give one of them");
    }
    Schema value = settings.valueSchema();
    if (value == null) {
      return;
    }
    if (settings.getInt(SftpSettings.INFER) > 0) {
      mistakes.add(SftpSettings.INFER, "types are given by " + SftpSettings.VALUE_SCHEMA + ": give one of them");
    }
    checkKeyIn(settings, value);
  }

  private void checkKeyIn(SftpSettings settings, Schema value) {
    for (String name : settings.keyColumns()) {
      if (value.field(name) == null) {
        mistakes.add(SftpSettings.KEY, "there is no column " + name + " in " + SftpSettings.VALUE_SCHEMA);
      }
    }
    Schema keys = settings.keySchema();
    for (Field key : keys == null ? List.<Field>of() : keys.fields()) {
      // A header may name columns that the value has not.
      if (value.field(key.name()) == null && !settings.getBoolean(SftpSettings.HEADER)) {
        mistakes.add(SftpSettings.KEY_SCHEMA, "there is no column " + key.name() + " in " + SftpSettings.VALUE_SCHEMA);
      }
    }
  }

  private static String withoutSlash(String path) {
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }
}
