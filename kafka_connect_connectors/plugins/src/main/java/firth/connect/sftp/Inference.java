package firth.connect.sftp;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Timestamp;

/**
 * Finds types that all looked at texts of a column are of. Codes stay what they are: numbers with leading zeros are
 * text.
 */
final class Inference {
  private static final List<Guess> GUESSES =
      List.of(
          new Guess("-?(0|[1-9]\\d{0,17})", Schema.OPTIONAL_INT64_SCHEMA),
          new Guess("-?(0|[1-9]\\d{0,14})(\\.\\d{1,15})?", Schema.OPTIONAL_FLOAT64_SCHEMA),
          new Guess("true|false", Schema.OPTIONAL_BOOLEAN_SCHEMA),
          new Guess("\\d{4}-\\d\\d-\\d\\d", Date.builder().optional().build()),
          new Guess(
              "\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,9})?)?(Z|[+-]\\d\\d:\\d\\d)?",
              Timestamp.builder().optional().build()));

  private final List<List<Guess>> left = new ArrayList<>();
  private final boolean[] seen;

  private record Guess(Pattern form, Schema schema) {
    Guess(String form, Schema schema) {
      this(Pattern.compile(form), schema);
    }
  }

  /** Of a file with so many columns. */
  Inference(int width) {
    seen = new boolean[width];
    for (int column = 0; column < width; column++) {
      left.add(new ArrayList<>(GUESSES));
    }
  }

  /** Looks at a text, which is not null. */
  void look(int column, String text) {
    if (!text.isEmpty()) {
      seen[column] = true;
      left.get(column).removeIf(guess -> !guess.form().matcher(text).matches());
    }
  }

  /** What was found: the narrowest type of each column, text where there is none or nothing was seen. */
  Schema schema(List<String> names, String name) {
    SchemaBuilder struct = SchemaBuilder.struct().name(name);
    for (int column = 0; column < seen.length; column++) {
      List<Guess> guesses = left.get(column);
      boolean known = seen[column] && !guesses.isEmpty();
      struct.field(names.get(column), known ? guesses.get(0).schema() : Schema.OPTIONAL_STRING_SCHEMA);
    }
    return struct.build();
  }
}
