package firth.connect.sftp;

import org.apache.kafka.common.config.ConfigException;

/** A setting that is one character: itself, \t, or its number of at least two digits or as a whole such as 9. */
final class OneCharacter {
  private static final int LAST = 0x7f;

  private OneCharacter() {}

  /** The character's byte; {@link Window#NONE} for an empty text. */
  static int of(String text) {
    if (text.isEmpty()) {
      return Window.NONE;
    }
    if (text.equals("\\t")) {
      return '\t';
    }
    if (text.chars().allMatch(Character::isDigit)) {
      return Integer.parseInt(text.length() > 3 ? "999" : text);
    }
    return text.length() == 1 ? text.charAt(0) : LAST + 1;
  }

  /** Refuses what is no character, or one that has another meaning in a file. */
  static void check(String name, Object value) {
    int code = of((String) value);
    if (code > LAST || code == 0 || code == '\n' || code == '\r') {
      throw new ConfigException(name, value, "is not one ASCII character, \\t, or the number of one");
    }
  }
}
