package firth.connect.jdbc;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A table's full name; {@code catalog} and {@code schema} are empty where the database has none or there is but one.
 */
record TableId(String catalog, String schema, String name) {

  /** As a person writes it: {@code public.admissions}. */
  @Override
  public String toString() {
    return parts().collect(Collectors.joining("."));
  }

  /** Whether {@code written}, as table or schema.table, means this table. */
  boolean isCalled(String written) {
    return written.equals(name) || written.equals(toString()) || written.equals(schema + "." + name);
  }

  /** The name in SQL, each part in {@code quote}. */
  String quoted(String quote) {
    return parts().map(part -> quoted(part, quote)).collect(Collectors.joining("."));
  }

  /** An identifier in SQL. */
  static String quoted(String identifier, String quote) {
    return quote + identifier.replace(quote, quote + quote) + quote;
  }

  /** Tables as the text of one setting, whatever their names hold. */
  static String joined(List<TableId> tables) {
    return tables.stream()
        .map(table -> Stream.of(table.catalog, table.schema, table.name).map(TableId::encoded).collect(Collectors.joining("/")))
        .collect(Collectors.joining(","));
  }

  /** What {@link #joined} wrote. */
  static List<TableId> split(String joined) {
    if (joined.isEmpty()) {
      return List.of();
    }
    return Arrays.stream(joined.split(",")).map(table -> of(table.split("/", -1))).toList();
  }

  private static TableId of(String[] parts) {
    return new TableId(decoded(parts[0]), decoded(parts[1]), decoded(parts[2]));
  }

  private Stream<String> parts() {
    return Stream.of(catalog, schema, name).filter(part -> !part.isEmpty());
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
