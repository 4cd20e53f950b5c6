package firth.connect.sftp;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.source.SourceRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes Connect's records of what was read: for the topic, or for the dead letters with the reason in headers. */
final class Records {
  static final String FILE_HEADER = "source.file";
  static final String LINE_HEADER = "source.line";
  static final String REASON_HEADER = "error.reason";
  static final String SENTENCE_HEADER = "error.message";

  private static final Logger LOG = LoggerFactory.getLogger(Records.class);

  private final String topic;
  private final String deadLetters;
  private final boolean failing;
  private volatile long refused;
  private ConnectException failure;

  Records(SftpSettings settings) {
    topic = settings.getString(SftpSettings.TOPIC);
    deadLetters = settings.deadLetterTopic();
    failing = settings.onError() == OnError.FAIL;
  }

  /** What ends the task, behind the records that were returned; null where nothing does. */
  ConnectException failure() {
    return failure;
  }

  /** Lines that could not be read. */
  long refused() {
    return refused;
  }

  /** Those of {@code items}, in their order; where one is refused, and that is to end the task, those before it. */
  List<SourceRecord> of(List<Item> items, Part part, RemoteFile file) {
    List<SourceRecord> records = new ArrayList<>(items.size());
    Item first = null;
    int count = 0;
    for (Item item : items) {
      if (item.refusal() == null) {
        records.add(record(part.partition(), part.offset(file, item.place()), item, headers(file, item.line())));
        continue;
      }
      if (failing) {
        failure = failure(file, item.line(), item.refusal());
        return records;
      }
      first = first == null ? item : first;
      count++;
      records.add(deadLetter(part.partition(), part.offset(file, item.place()), item, headers(file, item.line())));
    }
    if (first != null) {
      refused += count;
      String reason = first.refusal().sentence();
      LOG.warn("{}: {} lines went to {}, first line {}: {}", file.name(), count, deadLetters, first.line(), reason);
    }
    return records;
  }

  /** The dead letter of a file that cannot be read, or not further; the file is failed by it. */
  SourceRecord ofUnreadable(Part part, RemoteFile file, Place place, Unreadable why) {
    Refusal refusal = new Refusal(Refusal.UNREADABLE, why.getMessage());
    if (failing) {
      throw failure(file, place.line(), refusal);
    }
    LOG.warn("{}: cannot be read: {}", file.name(), why.getMessage());
    refused++;
    part.fail(file);
    Item item = new Item(place.line(), place, 0, null, new SchemaAndValue(Schema.BYTES_SCHEMA, new byte[0]), refusal);
    Place known = place.isKnown() ? place : Place.START;
    return deadLetter(part.partition(), part.offset(file, known), item, headers(file, place.line()));
  }

  private SourceRecord record(Map<String, ?> partition, Map<String, ?> offset, Item item, ConnectHeaders headers) {
    return new SourceRecord(
        partition,
        offset,
        topic,
        null,
        item.key().schema(),
        item.key().value(),
        item.value().schema(),
        item.value().value(),
        null,
        headers);
  }

  private SourceRecord deadLetter(Map<String, ?> partition, Map<String, ?> offset, Item item, ConnectHeaders headers) {
    headers.addString(REASON_HEADER, item.refusal().reason());
    headers.addString(SENTENCE_HEADER, item.refusal().sentence());
    Schema schema = item.value().schema();
    Object value = item.value().value();
    return new SourceRecord(partition, offset, deadLetters, null, null, null, schema, value, null, headers);
  }

  private static ConnectHeaders headers(RemoteFile file, long line) {
    ConnectHeaders headers = new ConnectHeaders();
    headers.addString(FILE_HEADER, file.name());
    headers.addLong(LINE_HEADER, line);
    return headers;
  }

  private static ConnectException failure(RemoteFile file, long line, Refusal refusal) {
    return new ConnectException(
        file.name() + ": line " + line + ": " + refusal.sentence() + "; set " + SftpSettings.ON_ERROR
            + "=IGNORE to have such lines in a dead-letter topic and go on");
  }
}
