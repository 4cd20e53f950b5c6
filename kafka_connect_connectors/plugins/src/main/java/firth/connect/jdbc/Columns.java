package firth.connect.jdbc;

import java.math.BigDecimal;
import java.sql.Array;
import java.sql.JDBCType;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.errors.DataException;

/** What each type of column becomes, as the JDBC driver describes it. What is not known comes as the driver's text. */
final class Columns {
  private static final int LONG_DIGITS = 18;
  private static final int INT_DIGITS = 9;
  private static final int SHORT_DIGITS = 4;
  private static final int BYTE_DIGITS = 2;
  private static final int DOUBLE_DIGITS = 15;

  private final Numbers numbers;
  private final TimeColumns times;

  Columns(JdbcSettings settings) {
    numbers = settings.numbers();
    times = new TimeColumns(settings.times(), settings.zone());
  }

  /** Column {@code index} of {@code result}, as a field. */
  Column of(ResultSetMetaData result, int index) throws SQLException {
    String name = result.getColumnLabel(index);
    Column required = typed(result, index, name);
    boolean optional = result.isNullable(index) != ResultSetMetaData.columnNoNulls;
    return optional ? new Column(name, optional(required.schema()), required.reading()) : required;
  }

  private Column typed(ResultSetMetaData result, int index, String name) throws SQLException {
    boolean signed = result.isSigned(index);
    switch (result.getColumnType(index)) {
      case Types.BOOLEAN:
        return new Column(name, Schema.BOOLEAN_SCHEMA, orNull(ResultSet::getBoolean));
      case Types.BIT:
        return bit(result, index, name);
      case Types.TINYINT:
        return signed ? int8(name) : int16(name);
      case Types.SMALLINT:
        return signed ? int16(name) : int32(name);
      case Types.INTEGER:
        return signed ? int32(name) : int64(name);
      case Types.BIGINT:
        return int64(name);
      case Types.REAL:
        return new Column(name, Schema.FLOAT32_SCHEMA, orNull(ResultSet::getFloat));
      case Types.FLOAT, Types.DOUBLE:
        return float64(name);
      case Types.NUMERIC, Types.DECIMAL:
        return number(name, result.getPrecision(index), result.getScale(index));
      case Types.BINARY, Types.VARBINARY, Types.LONGVARBINARY, Types.BLOB:
        return new Column(name, Schema.BYTES_SCHEMA, ResultSet::getBytes);
      case Types.DATE:
        return new Column(name, org.apache.kafka.connect.data.Date.SCHEMA, Columns::date);
      case Types.TIME:
        return timeOfDay(result, index, name);
      case Types.TIMESTAMP, Types.TIMESTAMP_WITH_TIMEZONE:
        return times.column(name, TimeColumns.isZoned(result, index));
      case Types.ARRAY:
        return array(name, result.getColumnTypeName(index));
      default:
        return text(name);
    }
  }

  private static Column bit(ResultSetMetaData result, int index, String name) throws SQLException {
    boolean single = result.getPrecision(index) <= 1 && !result.getColumnTypeName(index).equalsIgnoreCase("varbit");
    return single ? new Column(name, Schema.BOOLEAN_SCHEMA, orNull(ResultSet::getBoolean)) : text(name);
  }

  private static Column timeOfDay(ResultSetMetaData result, int index, String name) throws SQLException {
    // Of a time with a zone Connect has no type: it stays as it is written.
    boolean zoned = result.getColumnTypeName(index).equalsIgnoreCase("timetz");
    return zoned ? text(name) : new Column(name, Time.SCHEMA, Columns::time);
  }

  private Column number(String name, int precision, int scale) {
    boolean whole = scale == 0 && precision > 0;
    boolean unlimited = precision == 0;
    if (numbers == Numbers.DOUBLE) {
      return float64(name);
    }
    if (numbers == Numbers.STRING || unlimited) {
      return text(name); // a Decimal has one scale for all of its values
    }
    if (whole && numbers != Numbers.NONE && precision <= LONG_DIGITS) {
      return integer(name, precision);
    }
    if (numbers == Numbers.BEST_FIT && precision <= DOUBLE_DIGITS) {
      return float64(name);
    }
    return new Column(name, Decimal.schema(scale), (row, index) -> decimal(row, index, scale));
  }

  private static Column integer(String name, int precision) {
    if (precision <= BYTE_DIGITS) {
      return int8(name);
    }
    if (precision <= SHORT_DIGITS) {
      return int16(name);
    }
    return precision <= INT_DIGITS ? int32(name) : int64(name);
  }

  private static Column array(String name, String typeName) {
    Column element = element(typeName);
    Schema schema = SchemaBuilder.array(optional(element.schema())).build();
    return new Column(name, schema, (row, index) -> elements(name, row.getArray(index)));
  }

  /** Of an array only the name of its type is told: PostgreSQL's has an underscore before that of the element. */
  private static Column element(String typeName) {
    return switch (typeName) {
      case "_bool" -> new Column("", Schema.BOOLEAN_SCHEMA, null);
      case "_int2" -> int16("");
      case "_int4" -> int32("");
      case "_int8" -> int64("");
      case "_float4" -> new Column("", Schema.FLOAT32_SCHEMA, null);
      case "_float8" -> float64("");
      case "_bytea" -> new Column("", Schema.BYTES_SCHEMA, null);
      default -> text("");
    };
  }

  private static List<Object> elements(String name, Array array) throws SQLException {
    if (array == null) {
      return null;
    }
    return isPlain(array.getBaseType()) ? plain(name, array) : texts(array);
  }

  private static List<Object> plain(String name, Array array) throws SQLException {
    List<Object> list = new ArrayList<>();
    for (Object element : (Object[]) array.getArray()) {
      if (element instanceof Object[]) {
        throw new DataException(
            "column \"" + name + "\" holds an array of arrays: read it by a query, as text (" + name + "::text)");
      }
      list.add(element);
    }
    return list;
  }

  /** Each element as the database writes it. */
  private static List<Object> texts(Array array) throws SQLException {
    List<Object> list = new ArrayList<>();
    try (ResultSet elements = array.getResultSet()) {
      while (elements.next()) {
        list.add(elements.getString(2));
      }
    }
    return list;
  }

  private static boolean isPlain(int type) {
    return switch (JDBCType.valueOf(type)) {
      case BIT, BOOLEAN, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE, FLOAT, BINARY, VARBINARY -> true;
      default -> false;
    };
  }

  private static Object date(ResultSet row, int index) throws SQLException {
    LocalDate date = row.getObject(index, LocalDate.class);
    return date == null ? null : new Date(TimeColumns.clamped(date) * TimeColumns.DAY_MS);
  }

  private static Object time(ResultSet row, int index) throws SQLException {
    LocalTime time = row.getObject(index, LocalTime.class);
    return time == null ? null : new Date(time.toNanoOfDay() / 1_000_000);
  }

  private static Object decimal(ResultSet row, int index, int scale) throws SQLException {
    BigDecimal value = row.getBigDecimal(index);
    return value == null ? null : value.setScale(scale);
  }

  private static Column int8(String name) {
    return new Column(name, Schema.INT8_SCHEMA, orNull(ResultSet::getByte));
  }

  private static Column int16(String name) {
    return new Column(name, Schema.INT16_SCHEMA, orNull(ResultSet::getShort));
  }

  private static Column int32(String name) {
    return new Column(name, Schema.INT32_SCHEMA, orNull(ResultSet::getInt));
  }

  private static Column int64(String name) {
    return new Column(name, Schema.INT64_SCHEMA, orNull(ResultSet::getLong));
  }

  private static Column float64(String name) {
    return new Column(name, Schema.FLOAT64_SCHEMA, orNull(ResultSet::getDouble));
  }

  private static Column text(String name) {
    return new Column(name, Schema.STRING_SCHEMA, ResultSet::getString);
  }

  /** The drivers' primitive getters give 0 for NULL. */
  private static Column.Reading orNull(Column.Reading reading) {
    return (row, index) -> {
      Object value = reading.of(row, index);
      return row.wasNull() ? null : value;
    };
  }

  private static Schema optional(Schema schema) {
    SchemaBuilder builder = schema.type() == Schema.Type.ARRAY
        ? SchemaBuilder.array(schema.valueSchema())
        : SchemaBuilder.type(schema.type());
    builder.name(schema.name()).version(schema.version()).optional();
    if (schema.parameters() != null) {
      builder.parameters(schema.parameters());
    }
    return builder.build();
  }
}
