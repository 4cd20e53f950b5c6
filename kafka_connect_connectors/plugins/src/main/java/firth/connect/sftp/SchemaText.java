package firth.connect.sftp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;

/** A schema as it is written in a configuration. */
final class SchemaText {
  private static final Set<Schema.Type> OF_A_COLUMN =
      Set.of(
          Schema.Type.INT8,
          Schema.Type.INT16,
          Schema.Type.INT32,
          Schema.Type.INT64,
          Schema.Type.FLOAT32,
          Schema.Type.FLOAT64,
          Schema.Type.BOOLEAN,
          Schema.Type.STRING,
          Schema.Type.BYTES);

  private SchemaText() {}

  /**
   * A struct of columns.
   *
   * @throws ConfigException saying where it is wrong
   */
  static Schema read(String text) {
    JsonNode node = parsed(text);
    if (!node.path("type").asText().equalsIgnoreCase("STRUCT") || !node.path("fieldSchemas").isObject()) {
      throw new ConfigException("write {\"name\": …, \"type\": \"STRUCT\", \"fieldSchemas\": {…}}");
    }
    SchemaBuilder struct = SchemaBuilder.struct();
    if (node.hasNonNull("name")) {
      struct.name(node.get("name").asText());
    }
    for (Map.Entry<String, JsonNode> field : node.get("fieldSchemas").properties()) {
      struct.field(field.getKey(), column(field.getKey(), field.getValue()));
    }
    return struct.build();
  }

  private static JsonNode parsed(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new ConfigException("is no JSON: " + e.getOriginalMessage());
    }
  }

  private static Schema column(String name, JsonNode node) {
    SchemaBuilder builder = new SchemaBuilder(type(name, node.path("type").asText()));
    if (node.hasNonNull("name")) {
      builder.name(node.get("name").asText());
    }
    node.path("parameters").properties().forEach(entry -> builder.parameter(entry.getKey(), entry.getValue().asText()));
    if (node.hasNonNull("version")) {
      builder.version(node.get("version").asInt());
    }
    if (node.hasNonNull("doc")) {
      builder.doc(node.get("doc").asText());
    }
    Schema schema = node.path("isOptional").asBoolean() ? builder.optional().build() : builder.build();
    CellTypes.ISO.of(name, schema); // says what is wrong with a type that is none of a column
    return schema;
  }

  private static Schema.Type type(String name, String text) {
    return Arrays.stream(Schema.Type.values())
        .filter(type -> OF_A_COLUMN.contains(type) && type.name().equals(text.toUpperCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> new ConfigException(name + ": type \"" + text + "\" is none of " + types()));
  }

  private static String types() {
    return OF_A_COLUMN.stream().map(Enum::name).sorted().collect(Collectors.joining(", "));
  }
}
