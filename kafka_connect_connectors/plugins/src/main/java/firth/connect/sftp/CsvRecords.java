package firth.connect.sftp;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.List;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;

/** The records of a CSV file. A line that is none ends where it ends; what follows is read as if it were not there. */
final class CsvRecords implements RecordStream {
  /** Bytes that are kept of a line that cannot be read: as JSON writes them, less than Kafka takes unasked. */
  private static final int KEPT = 1 << 19;

  private final RemoteFile file;
  private final CsvCutter cutter;
  private final int longest;
  private final CsvShape shape;
  private final Place first;
  private Window window;

  private CsvRecords(RemoteFile file, CsvCutter cutter, int longest, CsvShape shape, Place first, Window window) {
    this.file = file;
    this.cutter = cutter;
    this.longest = longest;
    this.shape = shape;
    this.first = first;
    this.window = window;
  }

  /**
   * Of a file that {@code window} is at the begin of; reads what stands before its first record, and of records as many
   * as are needed to find their types.
   *
   * @param before the shape of a file that was read before, or null: files that are alike share it, as converters keep
   *     what they made of a schema
   */
  static CsvRecords begin(RemoteFile file, Window window, Charset charset, SftpSettings settings, CsvShape before)
      throws IOException {
    CsvDialect dialect = CsvDialect.of(settings);
    CsvCutter cutter = dialect.cutter(charset);
    for (int line = 0; line < settings.getInt(SftpSettings.SKIP); line++) {
      window.takeLine();
    }
    CsvHead head = new CsvHead(cutter, settings);
    List<String> names = head.names(window);
    Place first = window.place();
    CsvShape shape = names.isEmpty() ? null : new CsvShape(names, head.schema(names, window), settings).orSame(before);
    return new CsvRecords(file, cutter, dialect.longest(), shape, first, window);
  }

  /** How its columns become records; null where it has none. */
  CsvShape shape() {
    return shape;
  }

  @Override
  public Place first() {
    return first;
  }

  @Override
  public Place place() {
    return window.place();
  }

  @Override
  public void moveTo(Window other) {
    window = other;
  }

  @Override
  public Item next() throws IOException {
    if (!skipBlankLines(window)) {
      return null;
    }
    long line = window.place().line() + 1;
    cutter.cut(window);
    if (cutter.refusal() != null) {
      return refusedLine(line, cutter.refusal());
    }
    if (cutter.count() != shape.width()) {
      String sentence = "it has " + cutter.count() + " columns, not " + shape.width();
      return refusedLine(line, new Refusal(Refusal.COLUMNS, sentence));
    }
    return record(line);
  }

  /** Moves on to a line that is not empty; whether there is one. */
  static boolean skipBlankLines(Window window) throws IOException {
    while (true) {
      int first = window.at(0);
      int length = first == '\r' && window.at(1) == '\n' ? 2 : 1;
      if (first == Window.NONE) {
        return false;
      }
      if (first != '\n' && length == 1) {
        return true;
      }
      window.take(length, 1);
    }
  }

  private Item record(long line) throws IOException {
    int length = cutter.length();
    try {
      SchemaAndValue key = shape.key(cutter, file, line);
      SchemaAndValue value = new SchemaAndValue(shape.valueSchema(), shape.value(cutter));
      window.take(length, cutter.lines());
      return new Item(line, window.place(), length, key, value, null);
    } catch (CharacterCodingException e) {
      return refused(line, length, cutter.lines(), new Refusal(Refusal.ENCODING, "it is not in the file's encoding"));
    } catch (CsvShape.Misfit e) {
      return refused(line, length, cutter.lines(), new Refusal(Refusal.TYPE, e.getMessage()));
    }
  }

  /** Of a record that may have run over the ends of lines for a quote that is not closed, its first line alone. */
  private Item refusedLine(long line, Refusal refusal) throws IOException {
    int length = 0;
    for (int next = window.at(0); next != '\n' && next != Window.NONE && length <= longest; next = window.at(length)) {
      length++;
    }
    if (length <= longest) {
      return refused(line, window.at(length) == '\n' ? length + 1 : length, 1, refusal);
    }
    byte[] begin = window.copy(Math.min(KEPT, length));
    window.takeLine();
    Refusal tooLong = new Refusal(Refusal.TOO_LONG, "it is longer than " + longest + " bytes");
    return new Item(line, window.place(), begin.length, null, new SchemaAndValue(Schema.BYTES_SCHEMA, begin), tooLong);
  }

  private Item refused(long line, int length, int lines, Refusal refusal) {
    byte[] content = window.copy(Math.min(KEPT, length));
    window.take(length, lines);
    return new Item(line, window.place(), length, null, new SchemaAndValue(Schema.BYTES_SCHEMA, content), refusal);
  }
}
