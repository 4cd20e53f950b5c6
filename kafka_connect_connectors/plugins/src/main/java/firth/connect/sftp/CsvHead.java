package firth.connect.sftp;

import firth.connect.SchemaName;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.connect.data.Schema;

/** What stands before the records of a CSV file, and what of them tells their types. */
record CsvHead(CsvCutter cutter, SftpSettings settings) {

  /** The names of the columns; moves behind the header, where there is one. */
  List<String> names(Window window) throws IOException {
    Schema schema = settings.valueSchema();
    boolean header = settings.getBoolean(SftpSettings.HEADER);
    if (!header && schema != null) {
      return schema.fields().stream().map(field -> field.name()).toList();
    }
    if (!CsvRecords.skipBlankLines(window)) {
      return List.of();
    }
    List<String> first = firstLine(window);
    if (header) {
      window.take(cutter.length(), cutter.lines());
      return first;
    }
    return IntStream.rangeClosed(1, first.size()).mapToObj(CsvHead::numbered).toList();
  }

  /** The value's schema; moves behind what it looks at. */
  Schema schema(List<String> names, Window window) throws IOException {
    Schema given = settings.valueSchema();
    if (given != null) {
      return given;
    }
    int lines = settings.getInt(SftpSettings.INFER);
    if (lines == 0) {
      return CsvShape.ofText(names, settings);
    }
    Inference inference = new Inference(names.size());
    for (int line = 0; line < lines && CsvRecords.skipBlankLines(window); line++) {
      look(window, inference, names.size());
    }
    return inference.schema(names, SchemaName.of(settings.getString(SftpSettings.TOPIC)));
  }

  private void look(Window window, Inference inference, int width) throws IOException {
    cutter.cut(window);
    if (cutter.refusal() != null || cutter.count() != width) {
      window.takeLine();
      return;
    }
    try {
      for (int column = 0; column < width; column++) {
        if (!isNull(column)) {
          inference.look(column, cutter.text(column));
        }
      }
    } catch (CharacterCodingException e) {
      // It will be refused when it is read.
    }
    window.take(cutter.length(), cutter.lines());
  }

  private boolean isNull(int column) throws CharacterCodingException {
    return !cutter.isQuoted(column) && cutter.text(column).equals(settings.getString(SftpSettings.NULL_MARKER));
  }

  private List<String> firstLine(Window window) throws IOException {
    cutter.cut(window);
    if (cutter.refusal() != null) {
      throw new Unreadable("its first line cannot be read: " + cutter.refusal().sentence());
    }
    try {
      List<String> names = new ArrayList<>();
      for (int column = 0; column < cutter.count(); column++) {
        String name = cutter.text(column).strip();
        names.add(name.isEmpty() ? numbered(column + 1) : name);
      }
      return names;
    } catch (CharacterCodingException e) {
      throw new Unreadable("its first line is not in the file's encoding");
    }
  }

  private static String numbered(int column) {
    return "column_" + column;
  }
}
