package firth.connect.sftp;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.OffsetStorageReader;
import org.apache.sshd.sftp.common.SftpException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder that files are dropped into, as far as one task reads it: finds files, reads one after another, and cleans
 * up what is committed. Not to be shared by threads, but for {@link #committed} and the figures.
 */
final class Drop {
  private static final Logger LOG = LoggerFactory.getLogger(Drop.class);

  private static final long LOOK_AGAIN = TimeUnit.SECONDS.toNanos(5); // for offsets that were not committed yet

  private final SftpSettings settings;
  private final Remote remote;
  private final OffsetStorageReader offsets;
  private final Records records;
  private final Pattern pattern;
  private final Arrivals arrivals;
  private final Map<Integer, Part> parts = new HashMap<>();
  private final AtomicBoolean committed = new AtomicBoolean();
  private List<RemoteFile> files = List.of();
  private long nextLook = System.nanoTime();
  private long nextTidy = System.nanoTime();
  private FileReading reading;
  private CsvShape shape;
  private volatile long waiting;

  /** The files of the parts with those numbers, as far as {@code offsets} tell that they were not read. */
  Drop(SftpSettings settings, List<Integer> numbers, Remote remote, OffsetStorageReader offsets) {
    this.settings = settings;
    this.remote = remote;
    this.offsets = offsets;
    this.records = new Records(settings);
    this.pattern = settings.pattern();
    this.arrivals = new Arrivals(TimeUnit.MILLISECONDS.toNanos(settings.getLong(SftpSettings.AGE)));
    String folder = settings.getString(SftpSettings.INPUT);
    for (int number : numbers) {
      Map<String, String> partition = Part.partition(folder, number);
      parts.put(number, new Part(partition, offsets.offset(partition)));
    }
  }

  /** The next records; null where there are none within {@code waitMs}. */
  List<SourceRecord> take(int most, long waitMs) throws IOException, InterruptedException {
    if (records.failure() != null) {
      throw records.failure();
    }
    tidy();
    if (reading == null && !begin()) {
      long left = TimeUnit.NANOSECONDS.toMillis(nextLook - System.nanoTime());
      Thread.sleep(Math.max(1, Math.min(left, waitMs)));
      return null;
    }
    List<SourceRecord> taken = read(most);
    return taken.isEmpty() ? null : taken;
  }

  /** Connect has committed offsets. */
  void committed() {
    committed.set(true);
  }

  /** Files that were seen and are not read to their end. */
  long waiting() {
    return waiting;
  }

  /** Lines that could not be read. */
  long refused() {
    return records.refused();
  }

  /** Let go of the file that is being read; the next read goes on with it. */
  void leave() {
    if (reading != null) {
      reading.close();
    }
  }

  private List<SourceRecord> read(int most) throws IOException {
    Part part = part(reading.file());
    RemoteFile file = reading.file();
    try {
      List<SourceRecord> taken = records.of(reading.read(most), part, file);
      if (reading.isEnded() && records.failure() == null) {
        LOG.info("{}: read to its end, {} lines", file.name(), reading.place().line());
        part.finish(file, reading.place());
        nextTidy = System.nanoTime(); // what was sent of it may be committed already
        shape = reading.shape();
        reading = null;
      }
      return taken;
    } catch (Unreadable e) {
      Place place = reading.place();
      reading = null;
      return List.of(records.ofUnreadable(part, file, place, e));
    } catch (Remote.Gone e) {
      reading = null;
      nextLook = System.nanoTime();
      return List.of();
    }
  }

  /** Begins to read the next file; whether there is one. */
  private boolean begin() throws IOException {
    look();
    RemoteFile next = next();
    if (next == null) {
      return false;
    }
    reading = new FileReading(remote, next, settings, part(next).begin(next), shape);
    return true;
  }

  /** Those first that were begun before: where their part goes on is not known any more when it has begun another. */
  private RemoteFile next() {
    long now = System.nanoTime();
    for (RemoteFile file : files) {
      if (part(file).isBegun(file)) {
        return file;
      }
    }
    for (RemoteFile file : files) {
      if (!part(file).isFinished(file) && arrivals.isWhole(file, now)) {
        return file;
      }
    }
    return null;
  }

  private void look() throws IOException {
    long now = System.nanoTime();
    if (now < nextLook) {
      return;
    }
    files = new ArrayList<>(remote.list(name -> parts.containsKey(Part.of(name)) && pattern.matcher(name).matches()));
    files.sort(RemoteFile.BY_TIME_THEN_NAME);
    arrivals.see(files, now);
    Map<Part, List<RemoteFile>> byPart = new HashMap<>();
    parts.values().forEach(part -> byPart.put(part, new ArrayList<>()));
    files.forEach(file -> byPart.get(part(file)).add(file));
    byPart.forEach((part, those) -> part.retain(those, this::isLeft));
    waiting = files.stream().filter(file -> !part(file).isFinished(file)).count();
    nextLook = now + TimeUnit.MILLISECONDS.toNanos(settings.getLong(SftpSettings.POLL));
  }

  /** Cleans up the files whose last record is committed, as Connect's own offsets tell. */
  private void tidy() throws IOException {
    long now = System.nanoTime();
    if (!committed.getAndSet(false) && now < nextTidy) {
      return;
    }
    nextTidy = now + LOOK_AGAIN;
    for (Part part : parts.values()) {
      if (part.hasUncleaned()) {
        List<Part.Cleanable> done = part.committed(offsets.offset(part.partition()));
        done.sort(Comparator.comparing(Part.Cleanable::file, RemoteFile.BY_TIME_THEN_NAME));
        for (Part.Cleanable cleanable : done) {
          clean(part, cleanable);
        }
      }
    }
  }

  private void clean(Part part, Part.Cleanable cleanable) throws IOException {
    RemoteFile file = cleanable.file();
    if (isLeft(cleanable.failed())) {
      part.leave(file);
      return;
    }
    try {
      if (isThere(file)) {
        takeAway(file, cleanable.failed());
      }
    } catch (SftpException e) {
      if (isThere(file)) {
        throw e;
      } // else somebody has taken it away in between
    }
    part.forget(file);
  }

  private void takeAway(RemoteFile file, boolean failed) throws IOException {
    if (failed) {
      remote.move(file, SftpSettings.ERROR);
    } else if (settings.cleanup() == Cleanup.MOVE) {
      remote.move(file, SftpSettings.FINISHED);
    } else {
      remote.delete(file);
    }
  }

  private boolean isThere(RemoteFile file) throws IOException {
    return file.equals(remote.look(file.name()));
  }

  /** Whether files that were read, or could not be, stay where they are. */
  private boolean isLeft(boolean failed) {
    return failed ? settings.getString(SftpSettings.ERROR).isBlank() : settings.cleanup() == Cleanup.NONE;
  }

  private Part part(RemoteFile file) {
    return parts.get(Part.of(file.name()));
  }
}
