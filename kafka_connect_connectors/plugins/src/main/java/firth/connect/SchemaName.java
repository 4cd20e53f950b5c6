package firth.connect;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Names of records' schemas that every converter takes: Avro's are letters, digits and underscores, with dots between. */
public final class SchemaName {
  private SchemaName() {}

  /** The name for what is called {@code text}, a topic or a table: with underscores in place of what may not be there. */
  public static String of(String text) {
    return Arrays.stream(text.split("\\."))
        .filter(part -> !part.isEmpty())
        .map(part -> part.replaceAll("[^A-Za-z0-9_]", "_"))
        .map(part -> Character.isDigit(part.charAt(0)) ? "_" + part : part)
        .collect(Collectors.joining("."));
  }
}
