package firth.connect.sftp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Cuts the record at a window's begin into its columns (RFC 4180, with LF or CRLF).
 *
 * <p>Libraries for CSV read on to the end of the file where a quote is not closed, and most do not tell at which byte a
 * record begins. Here both a bad line's end and the place behind each record are known.
 */
final class CsvCutter {
  private final CsvDialect dialect;
  private final CharsetDecoder decoder;

  private Window window;
  private int[] from = new int[32];
  private int[] to = new int[32];
  private boolean[] quoted = new boolean[32];
  private boolean[] escaped = new boolean[32];
  private int count;
  private int length;
  private int lines;
  private boolean ascii;
  private Refusal refusal;

  CsvCutter(CsvDialect dialect, Charset charset) {
    this.dialect = dialect;
    this.decoder = charset.newDecoder();
  }

  /** Cuts the record at the begin of {@code in}, which is not empty there. The window does not move. */
  void cut(Window in) throws IOException {
    window = in;
    count = 0;
    lines = 1;
    ascii = true;
    refusal = null;
    length = 0;
    while (column()) {
      length++; // the separator
    }
    if (refusal == null && window.at(length) == '\n') {
      length++;
    }
  }

  /** Why it is none; null where it is one. All else then means nothing. */
  Refusal refusal() {
    return refusal;
  }

  /** How many columns it has. */
  int count() {
    return count;
  }

  /** How many bytes it takes, with the end of its line. */
  int length() {
    return length;
  }

  /** How many lines it takes. */
  int lines() {
    return lines;
  }

  boolean isQuoted(int column) {
    return quoted[column];
  }

  /**
   * The text of a column.
   *
   * @throws CharacterCodingException where it is not in the encoding
   */
  String text(int column) throws CharacterCodingException {
    int start = window.start() + from[column];
    int size = to[column] - from[column];
    String text =
        ascii
            ? new String(window.array(), start, size, StandardCharsets.ISO_8859_1)
            : decoder.decode(ByteBuffer.wrap(window.array(), start, size)).toString();
    return escaped[column] ? unescaped(text, quoted[column]) : text;
  }

  /** Cuts a column that begins at {@code length}, and puts that behind it; whether there is another. */
  private boolean column() throws IOException {
    int first = window.at(length);
    boolean inQuotes = first == dialect.quote() && first != Window.NONE;
    makeRoom();
    quoted[count] = inQuotes;
    escaped[count] = false;
    if (inQuotes) {
      length++;
      from[count] = length;
      quotedText();
    } else {
      from[count] = length;
      plainText();
    }
    count++;
    return refusal == null && window.at(length) == dialect.separator();
  }

  private void plainText() throws IOException {
    int next = window.at(length);
    while (next != dialect.separator() && next != '\n' && next != Window.NONE && refusal == null) {
      if (next == dialect.escape()) {
        escaped[count] = true;
        length++;
        next = window.at(length);
        if (next == Window.NONE) {
          break;
        }
      }
      pass(next);
      next = window.at(length);
    }
    boolean endsLine = next != dialect.separator();
    boolean withReturn = endsLine && length > from[count] && window.at(length - 1) == '\r';
    to[count] = withReturn ? length - 1 : length;
  }

  private void quotedText() throws IOException {
    while (refusal == null) {
      int next = window.at(length);
      if (next == Window.NONE) {
        refuse(Refusal.QUOTE, "a quote is not closed");
      } else if (next == dialect.escape() && next != dialect.quote() && window.at(length + 1) != Window.NONE) {
        escaped[count] = true;
        length++;
        pass(window.at(length));
      } else if (next != dialect.quote()) {
        pass(next);
      } else if (window.at(length + 1) == dialect.quote()) {
        escaped[count] = true;
        length++;
        pass(dialect.quote());
      } else {
        to[count] = length;
        length++;
        endOfQuotes();
        return;
      }
    }
  }

  private void endOfQuotes() throws IOException {
    int next = window.at(length);
    if (next == '\r' && (window.at(length + 1) == '\n' || window.at(length + 1) == Window.NONE)) {
      length++;
    } else if (next != dialect.separator() && next != '\n' && next != Window.NONE) {
      refuse(Refusal.QUOTE, "text stands behind a closing quote, or a quote before it is not closed");
    }
  }

  /** One more byte that belongs to the text. */
  private void pass(int next) {
    if (next <= 0) {
      refuse(Refusal.NUL, "it has a NUL byte");
    } else if (next == '\n') {
      lines++;
    } else if (next > 0x7f) {
      ascii = false;
    }
    length++;
    if (length > dialect.longest()) {
      boolean open = quoted[count];
      String what = open ? "a quote is not closed within " : "it is longer than ";
      refuse(open ? Refusal.QUOTE : Refusal.TOO_LONG, what + dialect.longest() + " bytes");
    }
  }

  private void refuse(String reason, String sentence) {
    if (refusal == null) {
      refusal = new Refusal(reason, sentence);
    }
  }

  private String unescaped(String text, boolean inQuotes) {
    StringBuilder plain = new StringBuilder(text.length());
    for (int index = 0; index < text.length(); index++) {
      char next = text.charAt(index);
      boolean doubled = inQuotes && next == dialect.quote();
      if ((next == dialect.escape() || doubled) && index + 1 < text.length()) {
        index++;
      }
      plain.append(text.charAt(index));
    }
    return plain.toString();
  }

  private void makeRoom() {
    if (count == from.length) {
      from = Arrays.copyOf(from, 2 * count);
      to = Arrays.copyOf(to, 2 * count);
      quoted = Arrays.copyOf(quoted, 2 * count);
      escaped = Arrays.copyOf(escaped, 2 * count);
    }
  }
}
