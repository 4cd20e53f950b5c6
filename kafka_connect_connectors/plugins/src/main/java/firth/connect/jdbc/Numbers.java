package firth.connect.jdbc;

/** What NUMERIC and DECIMAL columns become. */
enum Numbers {
  NONE,
  STRING,
  DOUBLE,
  PRECISION_ONLY,
  BEST_FIT
}
