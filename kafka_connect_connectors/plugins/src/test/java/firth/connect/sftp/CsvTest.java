package firth.connect.sftp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.apache.kafka.connect.data.Struct;
import org.junit.jupiter.api.Test;

class CsvTest {
  private static final String[] PIECES = {"a", "7", " ", ",", "\"", "\n", "\r\n", "é", "患", "\\", "'", "😀"};

  private final Contents csv = new Contents();

  @Test
  void whateverIsWrittenByTheRulesIsReadBack() throws IOException {
    Random random = new Random(1);
    for (int round = 0; round < 300; round++) {
      int width = 1 + random.nextInt(4);
      List<Object> rows = new ArrayList<>();
      StringBuilder text = new StringBuilder(header(width));
      for (int row = 0; row < random.nextInt(20); row++) {
        List<String> cells = random.ints(width, 0, 6).mapToObj(length -> cell(random, length)).toList();
        rows.add(cells);
        text.append(random.nextBoolean() ? "\n" : "\r\n");
        text.append(cells.stream().map(cell -> written(cell, random)).collect(Collectors.joining(",")));
      }
      String content = text + (random.nextBoolean() ? "\n" : "");
      assertEquals(rows, csv.rows(content), content);
    }
  }

  private static String header(int width) {
    return "abcd".substring(0, width).replaceAll("(?<=.)(?=.)", ",");
  }

  private static String cell(Random random, int length) {
    return random.ints(length, 0, PIECES.length).mapToObj(piece -> PIECES[piece]).collect(Collectors.joining());
  }

  private static String written(String cell, Random random) {
    boolean plain = !cell.isEmpty() && cell.chars().noneMatch(c -> "\",\r\n".indexOf(c) >= 0) && random.nextBoolean();
    return plain ? cell : "\"" + cell.replace("\"", "\"\"") + "\"";
  }

  @Test
  void eachKindOfBadLineIsRefusedAndTheRestIsRead() throws IOException {
    csv.with("value.schema", Contents.schema("id:INT32", "name:STRING"));
    assertEquals(
        List.of(List.of(1, "one"), "3 quote", List.of(2, "two"), "5 columns", "6 columns", "7 type", "8 nul", List.of(3, "three")),
        csv.rows("id,name\n1,one\n9,\"not closed\n2,\"two\"\n9\n9,too,many\nnine,x\n9,a\0b\n3,three\n"));
  }

  @Test
  void aQuoteThatIsNeverClosedCostsOneLine() throws IOException {
    csv.with("record.max.bytes", "1024");
    String rest = "x,y\n".repeat(2000);
    List<Object> rows = csv.rows("a,b\n1,\"open\n" + rest);
    assertEquals("2 quote", rows.get(0));
    assertEquals(2001, rows.size());
    assertEquals(List.of("x", "y"), rows.get(2000));
    assertEquals(List.of("2 quote", List.of("x", "y")), csv.rows("a,b\n1,\"open\nx,y\n"));
  }

  @Test
  void aLineOfTenMegabytesIsRefusedWithItsBeginAlone() throws IOException {
    List<Item> items = csv.items("a,b\n" + "x".repeat(10 << 20) + ",y\n1,2\n");
    assertEquals(List.of("2 too-long", List.of("1", "2")), items.stream().map(Contents::row).toList());
    assertEquals(1 << 19, ((byte[]) items.get(0).value().value()).length);
    assertEquals((10 << 20) + 7, items.get(0).place().offset());
  }

  @Test
  void aLineInAnotherEncodingIsRefused() throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.write("name\nZoé\n".getBytes(StandardCharsets.UTF_8));
    content.write("Zoé\n".getBytes(StandardCharsets.ISO_8859_1));
    content.write("Ann\n".getBytes(StandardCharsets.UTF_8));
    assertEquals(List.of(List.of("Zoé"), "3 encoding", List.of("Ann")), csv.rows(content.toByteArray()));
  }

  @Test
  void encodingsAreReadWithAMarkAndWithout() throws IOException {
    String content = "name,n\n\"Zoé, 患\",1\n";
    List<Object> rows = List.of(List.of("Zoé, 患", "1"));
    assertEquals(rows, csv.rows("\uFEFF" + content));
    assertEquals(rows, csv.rows(("\uFEFF" + content).getBytes(StandardCharsets.UTF_16LE)));
    assertEquals(rows, csv.rows(("\uFEFF" + content).getBytes(StandardCharsets.UTF_16BE)));
    assertEquals(rows, csv.with("file.charset", "UTF-16LE").rows(content.getBytes(StandardCharsets.UTF_16LE)));
    assertEquals(rows, csv.with("file.charset", "GB18030").rows(content.getBytes(Charset.forName("GB18030"))));
    byte[] latin = content.replace("患", "ÿ").getBytes(StandardCharsets.ISO_8859_1);
    assertEquals(List.of(List.of("Zoé, ÿ", "1")), csv.with("file.charset", "ISO-8859-1").rows(latin));
  }

  @Test
  void whatIsNotInTheOtherEncodingIsRefusedToo() throws IOException {
    byte[] content = "a,b\nx,y\n1,2\n".getBytes(StandardCharsets.UTF_16BE);
    content[8] = (byte) 0xdc; // x becomes the second half of a pair
    assertEquals(
        List.of("2 encoding", List.of("1", "2")), csv.with("file.charset", "UTF-16BE").rows(content));
  }

  @Test
  void gzipIsUnpacked() throws IOException {
    assertEquals(List.of(List.of("1"), List.of("2")), csv.rows(gzip("a\n1\n2\n")));
    byte[] half = Arrays.copyOf(gzip("a\n" + new Random(1).ints(9999).mapToObj(i -> i + "\n").collect(Collectors.joining())), 9999);
    assertThrows(IOException.class, () -> csv.rows(half));
  }

  static byte[] gzip(String content) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(content.getBytes(StandardCharsets.UTF_8));
    }
    return packed.toByteArray();
  }

  @Test
  void theDialectIsASetting() throws IOException {
    csv.with("csv.separator.char", "59").with("csv.quote.char", "'").with("csv.escape.char", "\\").with("csv.skip.lines", "2");
    assertEquals(
        List.of(List.of("a;b", "c'd"), List.of("e;f", "\"")),
        csv.rows("made by\n\"a tool\nx;y\n'a;b';'c\\'d'\ne\\;f;\"\n"));
    assertEquals(List.of(List.of("1", "2")), new Contents().with("csv.separator.char", "\\t").rows("a\tb\n1\t2\n"));
  }

  @Test
  void emptyTextsAndMarkersAreNullAsTheSettingSays() throws IOException {
    String content = "a,b,c\n,\"\",\\N\n";
    csv.with("csv.null.marker", "\\N");
    assertEquals(List.of(Arrays.asList("", "", null)), csv.rows(content));
    assertEquals(List.of(Arrays.asList(null, "", null)), csv.with("csv.null.field.indicator", "EMPTY_SEPARATORS").rows(content));
    assertEquals(List.of(Arrays.asList("", null, null)), csv.with("csv.null.field.indicator", "EMPTY_QUOTES").rows(content));
    assertEquals(List.of(Arrays.asList(null, null, null)), csv.with("csv.null.field.indicator", "BOTH").rows(content));
  }

  @Test
  void typesAreThoseOfTheSchema() throws IOException {
    String decimal = "{\"type\": \"BYTES\", \"name\": \"org.apache.kafka.connect.data.Decimal\", \"parameters\": {\"scale\": \"2\"}}";
    String timestamp = "{\"type\": \"INT64\", \"name\": \"org.apache.kafka.connect.data.Timestamp\", \"isOptional\": true}";
    String schema = "{\"type\": \"STRUCT\", \"fieldSchemas\": {\"ok\": {\"type\": \"BOOLEAN\"}, \"price\": %s, \"at\": %s}}";
    csv.with("value.schema", schema.formatted(decimal, timestamp)).with("parser.timestamp.timezone", "Europe/Paris");
    csv.with("parser.timestamp.date.formats", "dd/MM/yyyy HH:mm");
    Date at = Date.from(Instant.parse("2026-01-31T12:00:00Z"));
    assertEquals(
        List.of(
            Arrays.asList(true, new java.math.BigDecimal("1.50"), at),
            Arrays.asList(false, new java.math.BigDecimal("-2.00"), at),
            Arrays.asList(false, new java.math.BigDecimal("3.00"), null),
            "5 type",
            "6 type"),
        csv.rows("ok,price,at\nt,1.5,31/01/2026 13:00\nNo,-2,2026-01-31T12:00:00Z\n0,3,\n1,1.234,\n1,,\n"));
  }

  @Test
  void typesAreFoundInTheFirstLinesWhereThatIsAsked() throws IOException {
    csv.with("schema.generation.lines", "2");
    List<Item> items = csv.items("id,code,w,day,t\n1,007,1.5,2026-01-31,x\n2,12,2,2026-02-01,\nthree,1,1,,y\n");
    assertEquals(
        List.of("INT64", "STRING", "FLOAT64", "INT32", "STRING"),
        items.get(0).value().schema().fields().stream().map(field -> field.schema().type().name()).toList());
  }

  @Test
  void columnsAreFoundByTheirNamesAndOthersLeftOut() throws IOException {
    csv.with("value.schema", Contents.schema("name:STRING", "missing:STRING"));
    assertEquals(List.of(Arrays.asList("x", null)), csv.rows("id,name\n1,x\n"));
    String needed = "{\"type\": \"STRUCT\", \"fieldSchemas\": {\"missing\": {\"type\": \"STRING\"}}}";
    Unreadable failure = assertThrows(Unreadable.class, () -> csv.with("value.schema", needed).rows("id,name\n1,x\n"));
    assertEquals("it has no column missing", failure.getMessage());
  }

  @Test
  void withoutAHeaderColumnsAreNumberedOrThoseOfTheSchema() throws IOException {
    csv.with("csv.first.row.as.header", "false");
    Struct value = (Struct) csv.items("x,y\n").get(0).value().value();
    assertEquals("y", value.get("column_2"));
    assertEquals(List.of(List.of("x", "y")), csv.with("value.schema", Contents.schema("a:STRING", "b:STRING")).rows("x,y\n"));
  }

  @Test
  void theKeyIsOfColumnsOrOfFileAndLine() throws IOException {
    Item item = csv.items("id,name\n\n7,x\n").get(0);
    assertEquals(List.of("a.csv", 3L), Contents.values((Struct) item.key().value()));
    Item keyed = csv.with("key.columns", "name").items("id,name\n7,x\n").get(0);
    assertEquals(List.of("x"), Contents.values((Struct) keyed.key().value()));
    Contents given = new Contents().with("key.schema", "{\"type\": \"STRUCT\", \"fieldSchemas\": {\"id\": {\"type\": \"INT32\"}}}");
    assertEquals(List.of(7), Contents.values((Struct) given.items("id,name\n7,x\n").get(0).key().value()));
  }

  @Test
  void emptyFilesAndHeadersAloneHaveNoRecords() throws IOException {
    for (String content : List.of("", "\n\n", "a,b", "a,b\n", "\uFEFF")) {
      assertEquals(List.of(), csv.rows(content), content);
    }
    csv.with("value.schema", Contents.schema("a:STRING")).with("csv.first.row.as.header", "false");
    assertEquals(List.of(), csv.rows(""));
  }

  @Test
  void readingGoesOnBehindAnyRecord() throws IOException {
    byte[] content = "\uFEFFa,b\r\n1,\"x\ny\"\n\n2,z\r\nbad\n3,é".getBytes(StandardCharsets.UTF_8);
    List<Item> items = csv.items(content);
    assertEquals(4, items.size());
    for (int done = 0; done < items.size(); done++) {
      Place place = items.get(done).place();
      byte[] rest = Arrays.copyOfRange(content, (int) place.offset(), content.length);
      Window window = new Window(new ByteArrayInputStream(rest), place);
      CsvRecords records = csv.begin(content);
      records.moveTo(window);
      for (Item expected : items.subList(done + 1, items.size())) {
        Item found = records.next();
        assertEquals(Contents.row(expected), Contents.row(found));
        assertEquals(expected.place(), found.place());
      }
      assertTrue(records.next() == null);
    }
  }
}
