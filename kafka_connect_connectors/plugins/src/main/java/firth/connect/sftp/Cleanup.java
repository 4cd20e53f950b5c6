package firth.connect.sftp;

/** What is done with a file when its last record is committed. */
enum Cleanup {
  NONE,
  DELETE,
  MOVE
}
