package firth.connect.sftp;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/** A text in UTF-8 that is in another encoding. What is not in that encoding becomes a byte that is not in UTF-8. */
final class Recoded extends InputStream {
  private static final int SIZE = 1 << 14;
  private static final byte WRONG = (byte) 0xff;

  private final InputStream in;
  private final CharsetDecoder decoder;
  private final CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
  private final ByteBuffer source = ByteBuffer.allocate(SIZE).flip();
  private final CharBuffer chars = CharBuffer.allocate(SIZE);
  private ByteBuffer target = ByteBuffer.allocate(4 * SIZE).flip();
  private boolean sourceEnded;
  private boolean ended;

  Recoded(InputStream in, Charset charset) {
    this.in = in;
    this.decoder = charset.newDecoder();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int from, int count) throws IOException {
    while (!target.hasRemaining()) {
      if (ended) {
        return -1;
      }
      fill();
    }
    int given = Math.min(count, target.remaining());
    target.get(bytes, from, given);
    return given;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private void fill() throws IOException {
    readSource();
    CoderResult result = decoder.decode(source, chars, sourceEnded);
    target.clear();
    chars.flip();
    encoder.encode(chars, target, sourceEnded);
    chars.compact();
    if (result.isError()) {
      source.position(source.position() + result.length());
      target.put(WRONG);
    } else if (sourceEnded && result.isUnderflow()) {
      ended = true;
    }
    target.flip();
  }

  private void readSource() throws IOException {
    source.compact();
    if (!sourceEnded && source.hasRemaining()) {
      int count = in.read(source.array(), source.position(), source.remaining());
      sourceEnded = count < 0;
      source.position(source.position() + Math.max(count, 0));
    }
    source.flip();
  }
}
