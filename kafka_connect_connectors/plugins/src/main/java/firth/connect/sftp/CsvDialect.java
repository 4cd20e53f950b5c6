package firth.connect.sftp;

import java.nio.charset.Charset;

/**
 * How a CSV file is written.
 *
 * @param separator a byte, as the others; {@link Window#NONE} where there is no such character
 * @param longest most bytes of a record
 */
record CsvDialect(int separator, int quote, int escape, int longest) {

  static CsvDialect of(SftpSettings settings) {
    return new CsvDialect(
        settings.character(SftpSettings.SEPARATOR),
        settings.character(SftpSettings.QUOTE),
        settings.character(SftpSettings.ESCAPE),
        settings.getInt(SftpSettings.LONGEST));
  }

  /** Cuts files in this dialect, in an encoding of which each ASCII character is one byte, and no other's part. */
  CsvCutter cutter(Charset charset) {
    return new CsvCutter(this, charset);
  }
}
