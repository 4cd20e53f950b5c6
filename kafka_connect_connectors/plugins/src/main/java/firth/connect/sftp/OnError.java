package firth.connect.sftp;

/** What is done about a line that cannot be read. */
enum OnError {
  FAIL,
  IGNORE
}
