package firth.connect.sftp;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** The key of an HL7 v2 message: one patient's messages have one, so that they stay in order. */
final class Hl7Key {
  private static final Pattern SEGMENTS = Pattern.compile("[\r\n]+");
  private static final int SHORTEST = 8; // MSH and the characters that it declares
  private static final int PATIENT_IDS = 3;
  private static final int FACILITY = 4;
  private static final int CONTROL_ID = 10;

  private Hl7Key() {}

  /**
   * Assigning authority and identifier of the first entry of PID-3 that has one; else sending facility and control id;
   * else file and line. Bytes as they stand in the message, with {@code |} between. Null where its MSH declares no
   * characters.
   */
  static byte[] of(byte[] message, RemoteFile file, long line) {
    // One character a byte, whatever they mean; the other way it gives the same bytes.
    String text = new String(message, StandardCharsets.ISO_8859_1);
    String[] segments = SEGMENTS.split(text);
    if (segments[0].length() < SHORTEST) {
      return null;
    }
    char field = text.charAt(3);
    String key = ofPatient(segments, text, field);
    if (key == null) {
      // The separator itself is the first field of an MSH.
      String[] header = segments[0].split(Pattern.quote(String.valueOf(field)), -1);
      String facility = first(at(header, FACILITY - 1), text.charAt(4));
      String control = at(header, CONTROL_ID - 1);
      key = control.isEmpty() ? null : facility + "|" + control;
    }
    return key == null
        ? (file.name() + "|" + line).getBytes(StandardCharsets.UTF_8)
        : key.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String ofPatient(String[] segments, String text, char field) {
    char component = text.charAt(4);
    char repetition = text.charAt(5);
    char subcomponent = text.charAt(7);
    for (String segment : segments) {
      if (segment.startsWith("PID" + field)) {
        String[] fields = segment.split(Pattern.quote(String.valueOf(field)), -1);
        for (String entry : at(fields, PATIENT_IDS).split(Pattern.quote(String.valueOf(repetition)))) {
          String[] components = entry.split(Pattern.quote(String.valueOf(component)), -1);
          if (!at(components, 0).isEmpty()) {
            return first(at(components, 3), subcomponent) + "|" + components[0];
          }
        }
        return null;
      }
    }
    return null;
  }

  private static String first(String text, char separator) {
    int end = text.indexOf(separator);
    return end < 0 ? text : text.substring(0, end);
  }

  private static String at(String[] parts, int index) {
    return index < parts.length ? parts[index] : "";
  }
}
