package firth.connect;

import java.util.regex.Pattern;

/**
 * A setting of connectors whose configurations ours take, that ours have not.
 *
 * @param name its name there
 * @param harmless values that change nothing and may stay, as an empty one always may
 * @param instead what to do instead, for people
 */
public record NotTaken(String name, Pattern harmless, String instead) {
  private static final Pattern ALL = Pattern.compile(".*", Pattern.DOTALL);
  private static final Pattern NONE = Pattern.compile("(?!)");

  /** One without which nothing is lost, whatever it says. */
  public static NotTaken needless(String name, String why) {
    return new NotTaken(name, ALL, why);
  }

  /** One that may not say anything. */
  public static NotTaken replaced(String name, String instead) {
    return new NotTaken(name, NONE, instead);
  }

  /** One that may say {@code harmless} and nothing else. */
  public static NotTaken unless(String name, String harmless, String instead) {
    return new NotTaken(name, Pattern.compile(Pattern.quote(harmless), Pattern.CASE_INSENSITIVE), instead);
  }

  /** Whether nothing is lost by leaving it out. */
  public boolean isHarmless(String value) {
    return value == null || value.isBlank() || harmless.matcher(value.strip()).matches();
  }
}
