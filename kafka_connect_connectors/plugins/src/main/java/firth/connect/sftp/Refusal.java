package firth.connect.sftp;

/**
 * Why a line, or a file, cannot be taken.
 *
 * @param reason a word to count by
 * @param sentence for a person; it names columns and rules, never what stands in the line
 */
record Refusal(String reason, String sentence) {
  static final String ENCODING = "encoding";
  static final String COLUMNS = "columns";
  static final String NUL = "nul";
  static final String QUOTE = "quote";
  static final String TOO_LONG = "too-long";
  static final String TYPE = "type";
  static final String NO_MESSAGE = "no-message";
  static final String UNREADABLE = "unreadable";
}
