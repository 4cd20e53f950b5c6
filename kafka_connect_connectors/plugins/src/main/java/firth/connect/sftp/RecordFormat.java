package firth.connect.sftp;

/** What a file is made of. */
enum RecordFormat {
  CSV,
  HL7V2
}
