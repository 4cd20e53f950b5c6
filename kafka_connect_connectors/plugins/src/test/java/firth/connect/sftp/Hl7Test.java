package firth.connect.sftp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Hl7Test {
  private static final RemoteFile FILE = new RemoteFile("a.hl7", 0, 0);
  private static final String ONE = "MSH|^~\\&|APP|WARD||||| ADT^A01|17|P|2.5\rPID|1||4711^^^HOSP&1.2&ISO~9^^^ELSE||DOE\r";
  private static final String TWO = "MSH|^~\\&|APP|WARD|||||ACK|18|P|2.5\rMSA|AA|17\r";

  @Test
  void messagesAreSentAsTheyStandWithoutEnvelopesAndFrames() throws IOException {
    List<String> both = List.of(ONE, TWO);
    assertEquals(both, messages(ONE + TWO));
    assertEquals(both, messages("FHS|^~\\&|X\rBHS|^~\\&|X\r" + ONE + "\r\n\r\n" + TWO + "BTS|2\rFTS|1\r"));
    assertEquals(both, messages("\u000b" + ONE + "\u001c\r\u000b" + TWO + "\u001c\r"));
    assertEquals(List.of(ONE.replace("\r", "\n"), TWO.replace("\r", "\r\n")), messages(ONE.replace("\r", "\n") + TWO.replace("\r", "\r\n")));
    assertEquals(List.of(ONE.strip()), messages(ONE.strip()));
    assertEquals(List.of(), messages("\r\n"));
  }

  @Test
  void theKeyIsThePatientsElseTheSenders() throws IOException {
    assertEquals("HOSP|4711", key(ONE));
    assertEquals("WARD|18", key(TWO));
    assertEquals("B|2", key("MSH|^~\\&|APP|WARD\rPID|1||^^^A~2^^^B\r"));
    assertEquals("a.hl7|1", key("MSH|^~\\&|APP|WARD\r"));
    assertEquals("H|5", key("MSH#*~\\&#APP#WARD\rPID###5***H\r"));
  }

  @Test
  void whatIsNoMessageIsRefusedAndTheRestIsRead() throws IOException {
    List<Item> items = items("junk\r" + ONE + "\u001cmore\r" + TWO + "MSH|\r" + ONE.replace("DOE", "X".repeat(5000)) + TWO, 2000);
    assertEquals(
        List.of("1 no-message", "message", "4 no-message", "message", "7 no-message", "8 too-long", "message"),
        items.stream().map(item -> item.refusal() == null ? "message" : item.line() + " " + item.refusal().reason()).toList());
  }

  @Test
  void readingGoesOnBehindAnyMessage() throws IOException {
    byte[] content = ("FHS|^~\\&\r\n" + ONE + "\u000b" + TWO + "\u001c\rBTS|2\r\n\r\n" + ONE).getBytes(StandardCharsets.UTF_8);
    List<Item> items = items(new String(content, StandardCharsets.UTF_8), 9999);
    for (int done = 0; done < items.size(); done++) {
      Place place = items.get(done).place();
      byte[] rest = Arrays.copyOfRange(content, (int) place.offset(), content.length);
      Hl7Messages messages = new Hl7Messages(FILE, new Window(new ByteArrayInputStream(rest), place), 9999);
      for (Item expected : items.subList(done + 1, items.size())) {
        Item found = messages.next();
        assertEquals(text(expected), text(found));
        assertEquals(expected.place(), found.place());
        assertEquals(expected.line(), found.line());
      }
    }
  }

  @Test
  void anyBytesAreCutIntoMessagesAndRefusals() throws IOException {
    Random random = new Random(1);
    String[] pieces = {"MSH|^~\\&|", "PID|", "\r", "\n", "\u000b", "\u001c", "|", "^", "~", "x", "FHS|", "BTS", " "};
    for (int round = 0; round < 2000; round++) {
      StringBuilder content = new StringBuilder();
      for (int piece = 0; piece < random.nextInt(30); piece++) {
        content.append(pieces[random.nextInt(pieces.length)]);
      }
      long line = 0;
      for (Item item : items(content.toString(), 40)) {
        assertEquals(true, item.line() > line || item.line() == line && line > 0, content.toString());
        line = item.line();
      }
    }
  }

  private static List<String> messages(String content) throws IOException {
    return items(content, 9999).stream().map(Hl7Test::text).toList();
  }

  private static String key(String message) throws IOException {
    return new String((byte[]) items(message, 9999).get(0).key().value(), StandardCharsets.UTF_8);
  }

  private static String text(Item item) {
    return new String((byte[]) item.value().value(), StandardCharsets.UTF_8);
  }

  private static List<Item> items(String content, int longest) throws IOException {
    Window window = new Window(new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8)), Place.START);
    Hl7Messages messages = new Hl7Messages(FILE, window, longest);
    List<Item> items = new ArrayList<>();
    for (Item item = messages.next(); item != null; item = messages.next()) {
      items.add(item);
    }
    return items;
  }
}
