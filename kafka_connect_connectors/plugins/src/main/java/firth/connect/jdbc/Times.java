package firth.connect.jdbc;

/** What timestamps become. */
enum Times {
  CONNECT_LOGICAL,
  MICROS_LONG,
  MICROS_ISO_DATETIME_STRING,
  NANOS_LONG,
  NANOS_STRING
}
