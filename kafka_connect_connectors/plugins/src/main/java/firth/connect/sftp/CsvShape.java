package firth.connect.sftp;

import firth.connect.SchemaName;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;

/** How the columns of one file become keys and values. */
final class CsvShape {
  private final SftpSettings settings;
  private final NullField nullField;
  private final String nullMarker;
  private final List<String> names;
  private final Schema valueSchema;
  private final Schema keySchema;
  private final List<Column> values;
  private final List<Column> keys;

  /** A field of a struct and the column of the file that it comes from. */
  private record Column(int index, Field field, CellTypes.Reading reading) {}

  /**
   * Of a file with columns {@code names}, in this order, whose values are as {@code schema} says.
   *
   * @throws Unreadable where they do not fit
   */
  CsvShape(List<String> names, Schema schema, SftpSettings settings) throws Unreadable {
    this.settings = settings;
    nullField = settings.nullField();
    nullMarker = settings.getString(SftpSettings.NULL_MARKER);
    refuseDoubled(names);
    this.names = names;
    valueSchema = schema;
    values = columns(names, schema);
    keySchema = keySchema(schema);
    keys = keySchema == null ? List.of() : columns(names, keySchema);
  }

  /** All columns as text that may be null. */
  static Schema ofText(List<String> names, SftpSettings settings) {
    SchemaBuilder struct = SchemaBuilder.struct().name(SchemaName.of(settings.getString(SftpSettings.TOPIC)));
    Set<String> seen = new HashSet<>();
    names.stream().filter(seen::add).forEach(name -> struct.field(name, Schema.OPTIONAL_STRING_SCHEMA));
    return struct.build();
  }

  /** This shape, or {@code before} where that is the same: converters keep what they made of a schema. */
  CsvShape orSame(CsvShape before) {
    return before != null && before.valueSchema.equals(valueSchema) && before.names.equals(names) ? before : this;
  }

  Schema valueSchema() {
    return valueSchema;
  }

  /** How many columns each record has. */
  int width() {
    return names.size();
  }

  /**
   * The record's value.
   *
   * @throws Misfit where a column is not of its type
   */
  Struct value(CsvCutter cut) throws CharacterCodingException, Misfit {
    return struct(valueSchema, values, cut);
  }

  /** The record's key, of file and line where there are no columns for it. */
  SchemaAndValue key(CsvCutter cut, RemoteFile file, long line) throws CharacterCodingException, Misfit {
    if (keySchema == null) {
      Struct place = new Struct(LINE_KEY).put("file", file.name()).put("line", line);
      return new SchemaAndValue(LINE_KEY, place);
    }
    return new SchemaAndValue(keySchema, struct(keySchema, keys, cut));
  }

  /** The key of records that have no columns for one. */
  static final Schema LINE_KEY =
      SchemaBuilder.struct()
          .name("firth.connect.sftp.Line")
          .field("file", Schema.STRING_SCHEMA)
          .field("line", Schema.INT64_SCHEMA)
          .build();

  /** A text that is none of its column's type; what it says names the column alone. */
  static final class Misfit extends Exception {
    private static final long serialVersionUID = 1;

    Misfit(String sentence) {
      super(sentence, null, false, false);
    }
  }

  private Struct struct(Schema schema, List<Column> columns, CsvCutter cut) throws CharacterCodingException, Misfit {
    Struct struct = new Struct(schema);
    for (Column column : columns) {
      struct.put(column.field(), cell(column, cut));
    }
    return struct;
  }

  private Object cell(Column column, CsvCutter cut) throws CharacterCodingException, Misfit {
    Schema schema = column.field().schema();
    String text = cut.text(column.index());
    if (isNull(text, cut.isQuoted(column.index()), schema)) {
      if (schema.isOptional()) {
        return null;
      }
      throw new Misfit("column " + column.field().name() + " is null, and has to be something");
    }
    try {
      return column.reading().of(text);
    } catch (RuntimeException e) {
      String type = schema.name() == null ? schema.type().name() : schema.name();
      throw new Misfit("column " + column.field().name() + " is no " + type);
    }
  }

  private boolean isNull(String text, boolean quoted, Schema schema) {
    if (text.isEmpty()) {
      return schema.type() != Schema.Type.STRING || nullField.isNull(quoted);
    }
    return !quoted && text.equals(nullMarker);
  }

  private List<Column> columns(List<String> names, Schema schema) throws Unreadable {
    CellTypes types = new CellTypes(settings.zone(), settings.timeFormats());
    List<Column> columns = new ArrayList<>();
    for (Field field : schema.fields()) {
      int index = names.indexOf(field.name());
      if (index >= 0) {
        columns.add(new Column(index, field, types.of(field.name(), field.schema())));
      } else if (!field.schema().isOptional()) {
        throw new Unreadable("it has no column " + field.name());
      }
    }
    return columns;
  }

  private Schema keySchema(Schema value) throws Unreadable {
    Schema given = settings.keySchema();
    if (given != null) {
      return given.fields().isEmpty() ? null : given;
    }
    List<String> names = settings.keyColumns();
    if (names.isEmpty()) {
      return null;
    }
    SchemaBuilder struct = SchemaBuilder.struct().name(SchemaName.of(settings.getString(SftpSettings.TOPIC)) + ".Key");
    for (String name : names) {
      if (value.field(name) == null) {
        throw new Unreadable("it has no column " + name + ", which " + SftpSettings.KEY + " names");
      }
      struct.field(name, value.field(name).schema());
    }
    return struct.build();
  }

  private static void refuseDoubled(List<String> names) throws Unreadable {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw new Unreadable("two of its columns have one name");
      }
    }
  }
}
