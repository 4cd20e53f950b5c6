package firth.connect.sftp;

import java.io.IOException;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;

/**
 * The HL7 v2 messages of a file, each as it stands: from MSH up to the next message, envelope (FHS, BHS, BTS, FTS; HL7
 * v2 chapter 2, section 2.10.3) or end of an MLLP frame. Segments end with CR, LF or both.
 */
final class Hl7Messages implements RecordStream {
  private static final int KEPT = 1 << 19; // bytes of what is no message, as CsvRecords keeps them
  private static final int FRAME_START = 0x0b;
  private static final int FRAME_END = 0x1c;
  private static final String[] BOUNDARIES = {"MSH", "FHS", "BHS", "BTS", "FTS"};

  private final RemoteFile file;
  private final int longest;
  private final Place first;
  private Window window;

  /** Of a file that {@code window} is at the begin of. */
  Hl7Messages(RemoteFile file, Window window, int longest) {
    this.file = file;
    this.window = window;
    this.longest = longest;
    this.first = window.place();
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
    while (true) {
      skipBlank();
      if (window.at(0) == Window.NONE) {
        return null;
      }
      if (isBoundary(0) && !isMessage()) {
        skipSegment();
        continue;
      }
      return item();
    }
  }

  /** What begins here and is no envelope: a message, or what is none. */
  private Item item() throws IOException {
    long line = window.place().line() + 1;
    boolean isMessage = isMessage();
    int length = segment(0);
    while (length <= longest && !isEnd(length)) {
      length = segment(length);
    }
    if (length > longest) {
      return tooLong(line);
    }
    byte[] content = window.copy(trimmed(length));
    window.take(length, lines(length));
    if (!isMessage) {
      return refused(line, content, length, new Refusal(Refusal.NO_MESSAGE, "it begins no message and no envelope"));
    }
    byte[] key = Hl7Key.of(content, file, line);
    if (key == null) {
      return refused(line, content, length, new Refusal(Refusal.NO_MESSAGE, "its MSH segment ends too early"));
    }
    SchemaAndValue value = new SchemaAndValue(Schema.BYTES_SCHEMA, content);
    return new Item(line, window.place(), length, new SchemaAndValue(Schema.BYTES_SCHEMA, key), value, null);
  }

  private Item tooLong(long line) throws IOException {
    byte[] content = window.copy(Math.min(KEPT, longest));
    do {
      skipSegment();
    } while (!isEnd(0));
    Refusal refusal = new Refusal(Refusal.TOO_LONG, "it is longer than " + longest + " bytes");
    return refused(line, content, content.length, refusal);
  }

  private Item refused(long line, byte[] content, int length, Refusal refusal) {
    return new Item(line, window.place(), length, null, new SchemaAndValue(Schema.BYTES_SCHEMA, content), refusal);
  }

  /** Behind the segment that begins at {@code index}, or at the end of its frame; no further than is of use. */
  private int segment(int index) throws IOException {
    int end = index;
    for (int next = window.at(end); next != Window.NONE && next != FRAME_END && end <= longest; next = window.at(end)) {
      end++;
      if (next == '\n' || next == '\r' && window.at(end) != '\n') {
        break;
      }
    }
    return end;
  }

  private void skipSegment() throws IOException {
    for (int next = window.at(0); next != Window.NONE && next != FRAME_END; next = window.at(0)) {
      boolean ends = next == '\n' || next == '\r' && window.at(1) != '\n';
      window.take(1, ends ? 1 : 0);
      if (ends) {
        return;
      }
    }
  }

  private void skipBlank() throws IOException {
    for (int next = window.at(0); isBlank(next); next = window.at(0)) {
      boolean ends = next == '\n' || next == '\r' && window.at(1) != '\n';
      window.take(1, ends ? 1 : 0);
    }
  }

  private static boolean isBlank(int next) {
    return next == '\r' || next == '\n' || next == ' ' || next == '\t' || next == FRAME_START || next == FRAME_END;
  }

  /** Without the blank lines at its end, and blanks behind the end of its last. */
  private int trimmed(int length) throws IOException {
    int end = length;
    while (end > 0 && isBlank(window.at(end - 1))) {
      end--;
    }
    if (end < length && window.at(end) == '\r') {
      end++;
    }
    return end < length && window.at(end) == '\n' ? end + 1 : end;
  }

  private int lines(int length) throws IOException {
    int lines = 0;
    for (int index = 0; index < length; index++) {
      int next = window.at(index);
      if (next == '\n' || next == '\r' && window.at(index + 1) != '\n') {
        lines++;
      }
    }
    return lines;
  }

  /** Whether what went before ends at {@code index}, where a line begins. */
  private boolean isEnd(int index) throws IOException {
    int next = window.at(index);
    return next == Window.NONE || next == FRAME_END || isBoundary(index);
  }

  /** Whether a message or an envelope begins, or ends, at {@code index}, where a line begins. */
  private boolean isBoundary(int index) throws IOException {
    int begin = index;
    while (window.at(begin) == ' ' || window.at(begin) == '\t' || window.at(begin) == FRAME_START) {
      begin++;
    }
    for (String name : BOUNDARIES) {
      if (is(name, begin) && !isLetterOrDigit(window.at(begin + name.length()))) {
        return true;
      }
    }
    return false;
  }

  private boolean isMessage() throws IOException {
    return is("MSH", 0) && !isLetterOrDigit(window.at("MSH".length()));
  }

  private boolean is(String name, int index) throws IOException {
    for (int position = 0; position < name.length(); position++) {
      if (window.at(index + position) != name.charAt(position)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isLetterOrDigit(int next) {
    return next >= 'A' && next <= 'Z' || next >= 'a' && next <= 'z' || next >= '0' && next <= '9';
  }
}
