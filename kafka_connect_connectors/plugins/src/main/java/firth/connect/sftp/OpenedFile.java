package firth.connect.sftp;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;

/**
 * The content of a file from its begin on: unpacked where it is gzip, without a byte order mark, and in an encoding in
 * which each ASCII character is one byte, and no other's part.
 *
 * @param markBytes how many bytes of a mark were left out
 * @param isPlain whether the bytes are those of the file, so that reading can begin anywhere in it
 */
record OpenedFile(InputStream stream, Charset charset, int markBytes, boolean isPlain) {
  private static final int GZIP_BUFFER = 1 << 16;
  private static final int HEAD = 3;

  /** Where the content begins. */
  Place begin() {
    return new Place(0, markBytes);
  }

  /** Of {@code raw}, which is text in {@code charset} unless a mark says otherwise. */
  static OpenedFile of(InputStream raw, Charset charset) throws IOException {
    PushbackInputStream stream = new PushbackInputStream(raw, HEAD);
    byte[] head = peek(stream);
    if (startsWith(head, 0x1f, 0x8b)) {
      PushbackInputStream unpacked = new PushbackInputStream(new GZIPInputStream(stream, GZIP_BUFFER), HEAD);
      return ofText(unpacked, peek(unpacked), charset, false);
    }
    return ofText(stream, head, charset, true);
  }

  private static OpenedFile ofText(PushbackInputStream stream, byte[] head, Charset charset, boolean isPlain)
      throws IOException {
    if (startsWith(head, 0xef, 0xbb, 0xbf)) {
      return new OpenedFile(skipped(stream, 3), StandardCharsets.UTF_8, 3, isPlain);
    }
    if (startsWith(head, 0xff, 0xfe)) {
      return recoded(skipped(stream, 2), StandardCharsets.UTF_16LE);
    }
    if (startsWith(head, 0xfe, 0xff)) {
      return recoded(skipped(stream, 2), StandardCharsets.UTF_16BE);
    }
    return keepsAscii(charset) ? new OpenedFile(stream, charset, 0, isPlain) : recoded(stream, charset);
  }

  private static OpenedFile recoded(InputStream stream, Charset charset) {
    return new OpenedFile(new Recoded(stream, charset), StandardCharsets.UTF_8, 0, false);
  }

  private static boolean keepsAscii(Charset charset) {
    if (charset.equals(StandardCharsets.UTF_8)) {
      return true;
    }
    boolean oneByte = charset.canEncode() && charset.newEncoder().maxBytesPerChar() == 1;
    return oneByte && "\n\",;|\t".equals(new String("\n\",;|\t".getBytes(StandardCharsets.US_ASCII), charset));
  }

  private static byte[] peek(PushbackInputStream stream) throws IOException {
    byte[] head = stream.readNBytes(HEAD);
    stream.unread(head);
    return head;
  }

  private static InputStream skipped(InputStream stream, int bytes) throws IOException {
    stream.skipNBytes(bytes);
    return stream;
  }

  private static boolean startsWith(byte[] head, int... bytes) {
    for (int index = 0; index < bytes.length; index++) {
      if (index >= head.length || (head[index] & 0xff) != bytes[index]) {
        return false;
      }
    }
    return true;
  }
}
