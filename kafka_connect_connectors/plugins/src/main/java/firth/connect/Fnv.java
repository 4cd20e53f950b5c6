package firth.connect;

/** Numbers of 64 bits that two different lists of texts are most unlikely to share (FNV-1a). */
public final class Fnv {
  /** The number of a list of nothing. */
  public static final long OFFSET = 0xcbf29ce484222325L;

  private static final long PRIME = 0x100000001b3L;

  private Fnv() {}

  /** The number with one more text, or null: of its characters and its length, so that no two run together. */
  public static long with(long before, String text) {
    long hash = before;
    int length = text == null ? -1 : text.length();
    for (int index = 0; index < length; index++) {
      hash = (hash ^ text.charAt(index)) * PRIME;
    }
    return (hash ^ length) * PRIME;
  }
}
