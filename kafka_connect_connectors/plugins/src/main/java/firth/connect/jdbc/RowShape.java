package firth.connect.jdbc;

import firth.connect.Fnv;
import firth.connect.SchemaName;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;

/** How rows of one statement become records, and where in them is what reading goes by. */
final class RowShape {
  private final List<Column> columns;
  private final Schema valueSchema;
  private final Schema keySchema;
  private final int incrementing;
  private final List<Integer> timestamps;
  private final TimeColumns times;
  private final boolean zoned;

  /** Of the first columns of {@code result}, all but the {@code hidden} last. */
  RowShape(ResultSetMetaData result, int hidden, Source source, Layout layout, JdbcSettings settings)
      throws SQLException {
    Columns mapping = new Columns(settings);
    columns = new ArrayList<>();
    for (int index = 1; index <= result.getColumnCount() - hidden; index++) {
      columns.add(mapping.of(result, index));
    }
    String name = SchemaName.of(source.name());
    valueSchema = struct(name, columns.stream().map(Column::name).toList());
    keySchema = layout.keys().isEmpty() ? null : struct(name + ".Key", layout.keys());
    incrementing = layout.incrementing() == null ? 0 : indexOf(layout.incrementing());
    timestamps = layout.timestamps().stream().map(this::indexOf).toList();
    times = new TimeColumns(settings.times(), layout.zone());
    zoned = layout.zoned();
  }

  /** This shape, or {@code before} where that is the same: converters keep what they made of a schema. */
  RowShape orSame(RowShape before) {
    boolean same = before != null && before.valueSchema.equals(valueSchema);
    return same ? before : this;
  }

  Schema valueSchema() {
    return valueSchema;
  }

  /** Null where records have no key. */
  Schema keySchema() {
    return keySchema;
  }

  /** The row, as a record's value. */
  Struct value(ResultSet row) throws SQLException {
    Struct value = new Struct(valueSchema);
    List<Field> fields = valueSchema.fields();
    for (int index = 0; index < columns.size(); index++) {
      value.put(fields.get(index), columns.get(index).reading().of(row, index + 1));
    }
    return value;
  }

  /** The key of a record of that value; null where records have none. */
  Struct key(Struct value) {
    if (keySchema == null) {
      return null;
    }
    Struct key = new Struct(keySchema);
    for (Field field : keySchema.fields()) {
      key.put(field, value.get(field.name()));
    }
    return key;
  }

  /** About how many bytes the values of a record take. */
  static long size(Struct value) {
    long size = 0;
    for (Field field : value.schema().fields()) {
      size += size(value.get(field));
    }
    return size;
  }

  private static long size(Object value) {
    if (value instanceof String text) {
      return text.length();
    }
    if (value instanceof byte[] bytes) {
      return bytes.length;
    }
    if (value instanceof List<?> list) {
      return list.stream().mapToLong(RowShape::size).sum();
    }
    return Long.BYTES;
  }

  /** Where in the order of reading a row is, as far as its own columns tell. */
  Position position(ResultSet row) throws SQLException {
    Long id = incrementing == 0 ? null : row.getLong(incrementing);
    return new Position(timestamp(row), id, null);
  }

  /** A number that two different rows are most unlikely to share: of the columns {@code names}, or of all if none. */
  long hash(ResultSet row, List<String> names) throws SQLException {
    long hash = Fnv.OFFSET;
    for (int index = 1; index <= columns.size(); index++) {
      if (names.isEmpty() || names.contains(columns.get(index - 1).name())) {
        hash = Fnv.with(hash, row.getString(index));
      }
    }
    return hash;
  }

  /** How many columns of the statement belong to the record. */
  int width() {
    return columns.size();
  }

  private Instant timestamp(ResultSet row) throws SQLException {
    for (int index : timestamps) {
      Instant instant = times.instant(row, index, zoned);
      if (instant != null) {
        return instant;
      }
    }
    return null;
  }

  private Schema struct(String name, List<String> fields) {
    SchemaBuilder builder = SchemaBuilder.struct().name(name);
    for (String field : fields) {
      builder.field(field, columns.get(indexOf(field) - 1).schema());
    }
    return builder.build();
  }

  private int indexOf(String name) {
    for (int index = 0; index < columns.size(); index++) {
      if (columns.get(index).name().equals(name)) {
        return index + 1;
      }
    }
    throw new IllegalStateException("column " + name + " vanished between two looks");
  }
}
