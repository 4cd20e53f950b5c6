package firth.connect.jdbc;

import java.util.Map;

/**
 * What one reader reads: a table, or a query that is read like one.
 *
 * @param name for people: the table's full name, or that of the query's topic
 * @param table null for a query
 * @param from what stands after FROM, with r as the rows' name in every statement
 * @param topic where its rows go
 * @param partition by what Connect keeps how far reading is
 */
record Source(String name, TableId table, String from, String topic, Map<String, String> partition) {
  static Source of(TableId table, String quote, String topicPrefix) {
    String name = table.toString();
    String from = table.quoted(quote) + " r";
    return new Source(name, table, from, topicPrefix + table.name(), partitionOf(name));
  }

  static Source ofQuery(String query, String topic) {
    return new Source(topic, null, "(" + query + ") r", topic, Map.of("query", topic));
  }

  /** Under which Connect keeps how far a table is read. */
  static Map<String, String> partitionOf(String table) {
    return Map.of("table", table);
  }

  boolean isQuery() {
    return table == null;
  }
}
