package firth.connect.sftp;

import java.io.IOException;

/** A file that cannot be read at all, or not from here on, however often it is tried; what it says names no content. */
final class Unreadable extends IOException {
  private static final long serialVersionUID = 1;

  Unreadable(String sentence) {
    super(sentence);
  }
}
