package firth.connect.sftp;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipException;

/** One file that is being read. It may be left anywhere, and is gone on with at the next read. */
final class FileReading {
  private static final long MOST_BYTES = 4 << 20; // of a batch, so that long records do not fill the memory

  private final Remote remote;
  private final RemoteFile file;
  private final SftpSettings settings;
  private final Place from;
  private CsvShape shape;

  private Place place;
  private InputStream in;
  private RecordStream records;
  private boolean ended;

  /** From {@code place} on; {@code before} is the shape of a file that was read before, or null. */
  FileReading(Remote remote, RemoteFile file, SftpSettings settings, Place place, CsvShape before) {
    this.remote = remote;
    this.file = file;
    this.settings = settings;
    this.from = place;
    this.place = place;
    this.shape = before;
  }

  RemoteFile file() {
    return file;
  }

  /** Behind the last record that was returned, or where it was to begin. */
  Place place() {
    return place;
  }

  /** Whether there is no more of it. */
  boolean isEnded() {
    return ended;
  }

  /** The shape of its records, for the next file; null where they are no CSV. */
  CsvShape shape() {
    return shape;
  }

  /**
   * The next records, {@code most} at a time; none at the end.
   *
   * @throws Unreadable where it does not go on, and never will
   * @throws Remote.Gone where it was taken away
   * @throws IOException after which the next read goes on behind the last record that was returned
   */
  List<Item> read(int most) throws IOException {
    List<Item> items = new ArrayList<>();
    try {
      if (records == null) {
        open();
      }
      readInto(items, most);
    } catch (IOException e) {
      close();
      if (items.isEmpty()) {
        boolean broken = e instanceof ZipException || e instanceof EOFException;
        throw broken ? new Unreadable("it ends too early, or is no gzip") : e;
      }
      // Those count as sent. What is wrong will be met again at the next read.
    }
    return items;
  }

  /** Let go of the file. */
  void close() {
    InputStream old = in;
    in = null;
    records = null;
    if (old != null) {
      try {
        old.close();
      } catch (IOException e) {
        remote.disconnect(); // what is still under way would be mistaken for what is asked next
      }
    }
  }

  private void readInto(List<Item> items, int most) throws IOException {
    long bytes = 0;
    for (int count = 0; count < most && bytes < MOST_BYTES; count++) {
      Item item = records.next();
      if (item == null) {
        ended = true;
        close();
        return;
      }
      place = item.place();
      bytes += item.bytes();
      if (from.isKnown() || place.line() > from.line()) {
        items.add(item); // else it was sent
      }
    }
  }

  private void open() throws IOException {
    OpenedFile opened = OpenedFile.of(opened(0), charset());
    Window window = new Window(opened.stream(), opened.begin());
    begin(opened, window);
    boolean further = place.isKnown() && place.offset() > records.first().offset();
    Place target = further ? place : records.first();
    if (target.offset() != records.place().offset()) {
      in.close();
      records.moveTo(new Window(at(target, opened), target));
    }
  }

  private void begin(OpenedFile opened, Window window) throws IOException {
    if (settings.format() == RecordFormat.HL7V2) {
      records = new Hl7Messages(file, window, settings.getInt(SftpSettings.LONGEST));
      return;
    }
    CsvRecords csv = CsvRecords.begin(file, window, opened.charset(), settings, shape);
    shape = csv.shape();
    records = csv;
  }

  /** The content from a place on; where bytes are not those of the file, by reading all before it. */
  private InputStream at(Place target, OpenedFile opened) throws IOException {
    if (opened.isPlain()) {
      return opened(target.offset());
    }
    InputStream stream = OpenedFile.of(opened(0), charset()).stream();
    stream.skipNBytes(target.offset() - opened.begin().offset());
    return stream;
  }

  /** The bytes of messages are sent as they are, whatever they mean. */
  private Charset charset() {
    return settings.format() == RecordFormat.HL7V2 ? StandardCharsets.ISO_8859_1 : settings.charset();
  }

  private InputStream opened(long offset) throws IOException {
    in = remote.open(file, offset);
    return in;
  }
}
