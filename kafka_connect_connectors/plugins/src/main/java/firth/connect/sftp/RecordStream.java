package firth.connect.sftp;

import java.io.IOException;

/** The records of one file, one after another. */
interface RecordStream {
  /**
   * The next record, or line that is none; null at the end.
   *
   * @throws Unreadable where it does not go on, and never will
   */
  Item next() throws IOException;

  /** Where the first record begins. */
  Place first();

  /** Where reading is. */
  Place place();

  /** Go on at the begin of another window, which begins between two records. */
  void moveTo(Window other);
}
