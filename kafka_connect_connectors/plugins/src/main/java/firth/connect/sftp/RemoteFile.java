package firth.connect.sftp;

import firth.connect.Fnv;
import java.util.Comparator;

/**
 * A file as the server lists it. One of the same name that differs in time or size is another file.
 *
 * @param modified when it was last written to, in milliseconds since 1970; most servers know seconds
 */
record RemoteFile(String name, long modified, long size) {
  /** The order in which files are read. */
  static final Comparator<RemoteFile> BY_TIME_THEN_NAME =
      Comparator.comparingLong(RemoteFile::modified).thenComparing(RemoteFile::name);

  /** A short text that tells this file from others. */
  String mark() {
    long hash = Fnv.with(Fnv.with(Fnv.with(Fnv.OFFSET, name), Long.toString(modified)), Long.toString(size));
    return Long.toUnsignedString(hash, Character.MAX_RADIX);
  }
}
