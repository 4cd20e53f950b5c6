package firth.connect.sftp;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** The part of a file that is being looked at; it grows to what is asked for, and moves on by what is taken. */
final class Window {
  static final int NONE = -1;

  private static final int CHUNK = 1 << 16;

  private final InputStream in;
  private byte[] bytes = new byte[2 * CHUNK];
  private int start;
  private int end;
  private boolean ended;
  private long line;
  private long offset;

  /** Begins at {@code place} of the file, where {@code in} is. */
  Window(InputStream in, Place place) {
    this.in = in;
    this.line = place.line();
    this.offset = place.offset();
  }

  /** The byte so many behind the begin; {@link #NONE} behind the file's end. */
  int at(int index) throws IOException {
    while (start + index >= end) {
      if (ended) {
        return NONE;
      }
      fill();
    }
    return bytes[start + index] & 0xff;
  }

  /** What {@link #at} has looked at stands here, from {@link #start} on, until it looks further or the window moves. */
  byte[] array() {
    return bytes;
  }

  int start() {
    return start;
  }

  /** A copy of the first {@code length} bytes, which were looked at. */
  byte[] copy(int length) {
    return Arrays.copyOfRange(bytes, start, start + length);
  }

  /** Moves on by bytes that were looked at, in which so many lines end. */
  void take(int length, int lines) {
    start += length;
    offset += length;
    line += lines;
  }

  /** Moves on behind the end of this line, however long it is. */
  void takeLine() throws IOException {
    int length = 0;
    for (int next = at(length); next != NONE && next != '\n'; next = at(length)) {
      length++;
      if (length == CHUNK) {
        take(length, 0);
        length = 0;
      }
    }
    take(at(length) == NONE ? length : length + 1, 1);
  }

  /** Where the window begins. */
  Place place() {
    return new Place(line, offset);
  }

  private void fill() throws IOException {
    if (bytes.length - end < CHUNK) {
      byte[] target = end - start > bytes.length / 2 ? new byte[2 * bytes.length] : bytes;
      System.arraycopy(bytes, start, target, 0, end - start);
      bytes = target;
      end -= start;
      start = 0;
    }
    int count = in.read(bytes, end, CHUNK);
    if (count < 0) {
      ended = true;
    } else {
      end += count;
    }
  }
}
