package firth.connect.sftp;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Struct;

/** What a file's content becomes, without a server. */
final class Contents {
  private static final RemoteFile FILE = new RemoteFile("a.csv", 0, 0);

  private final Map<String, String> settings = new HashMap<>();

  Contents() {
    settings.put("sftp.host", "localhost");
    settings.put("sftp.username", "firth");
    settings.put("input.path", "/in");
    settings.put("kafka.topic", "rows");
    settings.put("csv.first.row.as.header", "true");
  }

  Contents with(String setting, String value) {
    settings.put(setting, value);
    return this;
  }

  /** A value.schema of columns that may be null, each as name:TYPE. */
  static String schema(String... columns) {
    List<String> fields = new ArrayList<>();
    for (String column : columns) {
      String[] parts = column.split(":");
      fields.add("\"%s\": {\"type\": \"%s\", \"isOptional\": true}".formatted(parts[0], parts[1]));
    }
    return "{\"name\": \"row\", \"type\": \"STRUCT\", \"fieldSchemas\": {%s}}".formatted(String.join(", ", fields));
  }

  List<Item> items(String content) throws IOException {
    return items(content.getBytes(StandardCharsets.UTF_8));
  }

  /** The records of a file of that content. */
  CsvRecords begin(byte[] content) throws IOException {
    SftpSettings given = new SftpSettings(settings);
    OpenedFile opened = OpenedFile.of(new ByteArrayInputStream(content), given.charset());
    CsvRecords records =
        CsvRecords.begin(FILE, new Window(opened.stream(), opened.begin()), opened.charset(), given, null);
    if (!records.place().equals(records.first())) {
      byte[] rest = Arrays.copyOfRange(content, (int) records.first().offset(), content.length);
      records.moveTo(new Window(new ByteArrayInputStream(rest), records.first()));
    }
    return records;
  }

  List<Item> items(byte[] content) throws IOException {
    CsvRecords records = begin(content);
    List<Item> items = new ArrayList<>();
    for (Item item = records.next(); item != null; item = records.next()) {
      items.add(item);
    }
    return items;
  }

  /** The values of each record; of a line that was refused its number and reason. */
  List<Object> rows(String content) throws IOException {
    return rows(content.getBytes(StandardCharsets.UTF_8));
  }

  List<Object> rows(byte[] content) throws IOException {
    return items(content).stream().map(Contents::row).toList();
  }

  static Object row(Item item) {
    return item.refusal() == null ? values((Struct) item.value().value()) : item.line() + " " + item.refusal().reason();
  }

  static List<Object> values(Struct struct) {
    List<Object> values = new ArrayList<>();
    for (Field field : struct.schema().fields()) {
      values.add(struct.get(field));
    }
    return values;
  }
}
