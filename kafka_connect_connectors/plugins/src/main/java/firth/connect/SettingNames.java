package firth.connect;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigDef;
import org.slf4j.Logger;

/** Finds settings by names that a connector does not know. Connect itself hands on all, and says nothing. */
public final class SettingNames {
  // Of Connect, though they begin like ours.
  private static final List<String> CONNECTS =
      List.of("key.converter", "value.converter", "topic.creation.", "errors.log.", "errors.retry.", "errors.tolerance");
  private static final int SLIPS = 2; // letters by which a name of another family may be one of ours
  private static final int LONG_ENOUGH = 9; // letters of a name, so that slips do not make it quite another

  private final Set<String> known;
  private final Set<String> families;
  private final Map<String, NotTaken> notTaken;
  private final Optional<String> handedOn;

  /**
   * Names of {@code definition} are right, those of {@code notTaken} explained; those that begin with {@code handedOn}
   * are somebody else's.
   */
  public SettingNames(ConfigDef definition, List<NotTaken> notTaken, Optional<String> handedOn) {
    this.known = definition.names();
    this.families = known.stream().map(SettingNames::family).collect(Collectors.toSet());
    this.notTaken = notTaken.stream().collect(Collectors.toMap(NotTaken::name, setting -> setting));
    this.handedOn = handedOn;
  }

  /** Adds what is wrong with the names of {@code given}. */
  public void check(Map<String, String> given, Mistakes mistakes) {
    given.forEach(
        (name, value) -> {
          NotTaken other = notTaken.get(name);
          if (other != null && !other.isHarmless(value)) {
            mistakes.add(name, "is not taken: " + other.instead());
          } else if (other == null && isMistaken(name)) {
            mistakes.add(name, "is not known" + nearest(name).map(near -> "; the nearest name is " + near).orElse(""));
          }
        });
  }

  /** Logs which names of {@code given} have no effect. */
  public void warn(Map<String, String> given, Logger log) {
    given.keySet().stream()
        .sorted()
        .filter(notTaken::containsKey)
        .forEach(name -> log.warn("{} has no effect: {}", name, notTaken.get(name).instead()));
  }

  private boolean isMistaken(String name) {
    boolean others = CONNECTS.stream().anyMatch(name::startsWith) || handedOn.filter(name::startsWith).isPresent();
    if (known.contains(name) || others) {
      return false;
    }
    return families.contains(family(name)) || (name.length() >= LONG_ENOUGH && slips(name, SLIPS).isPresent());
  }

  private Optional<String> nearest(String name) {
    return slips(name, name.length() / 2);
  }

  /** The known name that differs the least, by {@code most} letters at most. */
  private Optional<String> slips(String name, int most) {
    return known.stream()
        .filter(other -> distance(name, other) <= most)
        .min(Comparator.comparingInt((String other) -> distance(name, other)).thenComparing(other -> other));
  }

  private static String family(String name) {
    return name.split("\\.", 2)[0];
  }

  /** How many letters have to be put in, taken out or changed to make one of the other (Levenshtein). */
  private static int distance(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int column = 0; column <= other.length(); column++) {
      row[column] = column;
    }
    for (int line = 1; line <= one.length(); line++) {
      int diagonal = row[0];
      row[0] = line;
      for (int column = 1; column <= other.length(); column++) {
        int changed = diagonal + (one.charAt(line - 1) == other.charAt(column - 1) ? 0 : 1);
        diagonal = row[column];
        row[column] = Math.min(changed, 1 + Math.min(diagonal, row[column - 1]));
      }
    }
    return row[other.length()];
  }
}
