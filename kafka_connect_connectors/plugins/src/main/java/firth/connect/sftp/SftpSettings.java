package firth.connect.sftp;

import firth.connect.ConnectionSettings;
import firth.connect.Definition;
import firth.connect.NotTaken;
import firth.connect.SettingNames;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.connect.data.Schema;

/** What an SFTP source connector is told, each setting checked by itself; {@link SettingsCheck} checks them together. */
final class SftpSettings extends AbstractConfig {
  static final String HOST = "sftp.host";
  static final String PORT = "sftp.port";
  static final String USER = "sftp.username";
  static final String PASSWORD = "sftp.password";
  static final String KEY_FILE = "sftp.private.key.file";
  static final String PASSPHRASE = "sftp.private.key.passphrase";
  static final String KNOWN_HOSTS = "sftp.known.hosts";
  static final String CHECK_HOST = "sftp.host.key.check";
  static final String INPUT = "input.path";
  static final String PATTERN = "input.file.pattern";
  static final String CLEANUP = "cleanup.policy";
  static final String FINISHED = "finished.path";
  static final String ERROR = "error.path";
  static final String AGE = "file.minimum.age.ms";
  static final String POLL = "empty.poll.wait.ms";
  static final String FORMAT = "record.format";
  static final String TOPIC = "kafka.topic";
  static final String VALUE_SCHEMA = "value.schema";
  static final String KEY_SCHEMA = "key.schema";
  static final String KEY = "key.columns";
  static final String GENERATED_KEY = "schema.generation.key.fields";
  static final String INFER = "schema.generation.lines";
  static final String CHARSET = "file.charset";
  static final String LONGEST = "record.max.bytes";
  static final String BATCH = "batch.size";
  static final String HEADER = "csv.first.row.as.header";
  static final String SEPARATOR = "csv.separator.char";
  static final String QUOTE = "csv.quote.char";
  static final String ESCAPE = "csv.escape.char";
  static final String SKIP = "csv.skip.lines";
  static final String NULL_FIELD = "csv.null.field.indicator";
  static final String NULL_MARKER = "csv.null.marker";
  static final String ZONE = "parser.timestamp.timezone";
  static final String TIME_FORMATS = "parser.timestamp.date.formats";
  static final String ON_ERROR = "behavior.on.error";
  static final String DEAD_LETTERS = "errors.deadletterqueue.topic.name";

  /** Which {@link Part}s are one task's, as numbers. Set by the connector for its tasks. */
  static final String TASK_PARTS = "task.parts";

  private static final String NAME = "name";

  static final ConfigDef DEFINITION = define();

  /** Settings of the connector that has the same names. */
  static final List<NotTaken> NOT_TAKEN =
      List.of(
          NotTaken.replaced("csv.file.charset", "file.charset says it."),
          NotTaken.unless("csv.ignore.quotations", "false", "An empty csv.quote.char makes quotes text like any other."),
          NotTaken.unless("csv.strict.quotes", "false", "Text outside of quotes is never left out."),
          NotTaken.unless("csv.keep.carriage.return", "false", "CR at the end of a line is never part of a text."),
          NotTaken.needless("csv.ignore.leading.whitespace", "Texts keep the blanks at their begin."),
          NotTaken.needless("csv.case.sensitive.field.names", "Columns are found by their exact names."),
          NotTaken.needless("csv.rfc.4180.parser.enabled", "CSV is always read by RFC 4180."),
          NotTaken.needless("csv.verify.reader", "There is nothing to be verified."),
          NotTaken.needless(
              "schema.generation.enabled", "Without value.schema columns are text, see schema.generation.lines."),
          NotTaken.needless("schema.generation.key.name", "Schemas are named for the topic."),
          NotTaken.needless("schema.generation.value.name", "Schemas are named for the topic."),
          NotTaken.unless("timestamp.mode", "PROCESS_TIME", "Records have the time at which they were read."),
          NotTaken.replaced("timestamp.field", "Records have the time at which they were read."),
          NotTaken.replaced("sftp.max.record.size", "record.max.bytes says it."),
          NotTaken.replaced("sftp.proxy.url", "There is no way through a proxy."),
          NotTaken.replaced("tls.private.key", "sftp.private.key.file names the file that has the key."),
          NotTaken.replaced("tls.passphrase", "sftp.private.key.passphrase says it."),
          NotTaken.needless("tls.public.key", "The private key is enough."),
          NotTaken.replaced("kerberos.keytab.path", "Log in by a password or a key."),
          NotTaken.unless("input.file.parser.format", "CSV", "record.format says it."),
          NotTaken.replaced("halt.on.error", "behavior.on.error says it."),
          NotTaken.needless("errors.deadletterqueue.context.headers.enable", "Headers always say what is wrong."),
          NotTaken.needless(
              "errors.deadletterqueue.topic.replication.factor", "topic.creation.default.replication.factor says it."),
          NotTaken.needless("processing.file.extension", "Files are not renamed while they are read."));

  static final SettingNames NAMES = new SettingNames(DEFINITION, NOT_TAKEN, Optional.empty());

  SftpSettings(Map<String, String> properties) {
    super(DEFINITION, properties, false);
  }

  static boolean isGiven(Password secret) {
    return secret != null && !secret.value().isEmpty();
  }

  Pattern pattern() {
    return Pattern.compile(getString(PATTERN));
  }

  Cleanup cleanup() {
    return Definition.chosen(Cleanup.class, getString(CLEANUP));
  }

  OnError onError() {
    return Definition.chosen(OnError.class, getString(ON_ERROR));
  }

  RecordFormat format() {
    return Definition.chosen(RecordFormat.class, getString(FORMAT));
  }

  NullField nullField() {
    return Definition.chosen(NullField.class, getString(NULL_FIELD));
  }

  Charset charset() {
    return Charset.forName(getString(CHARSET));
  }

  ZoneId zone() {
    return ZoneId.of(getString(ZONE));
  }

  List<DateTimeFormatter> timeFormats() {
    return getList(TIME_FORMATS).stream().map(DateTimeFormatter::ofPattern).toList();
  }

  /** Null where it is to be made of the header. */
  Schema valueSchema() {
    return schema(VALUE_SCHEMA);
  }

  /** Null where the key's fields are those of the value. */
  Schema keySchema() {
    return schema(KEY_SCHEMA);
  }

  List<String> keyColumns() {
    return getList(KEY).isEmpty() ? getList(GENERATED_KEY) : getList(KEY);
  }

  /** A character of the format as its byte; {@link Window#NONE} where there is none. */
  int character(String name) {
    return OneCharacter.of(getString(name));
  }

  /** Where lines go that cannot be read. */
  String deadLetterTopic() {
    String given = getString(DEAD_LETTERS);
    return given.isBlank() ? "DLQ-" + originalsStrings().getOrDefault(NAME, getString(TOPIC)) : given;
  }

  /** The file of the known hosts. */
  Path knownHosts() {
    String given = getString(KNOWN_HOSTS);
    return given.isBlank() ? Path.of(System.getProperty("user.home"), ".ssh", "known_hosts") : Path.of(given);
  }

  private Schema schema(String name) {
    String text = getString(name);
    return text.isBlank() ? null : SchemaText.read(text);
  }

  private static ConfigDef define() {
    Definition definition = new Definition();
    defineServer(definition);
    defineFiles(definition);
    defineRecords(definition);
    defineCsv(definition);
    defineErrors(definition);
    return definition.done();
  }

  private static void defineServer(Definition d) {
    d.group("Server");
    d.needed(HOST, Type.STRING, Definition.notBlank(), "Name or address of the SFTP server.");
    d.add(PORT, Type.INT, 22, Range.between(1, 65_535), Importance.HIGH, "Port of the SFTP server.");
    d.needed(USER, Type.STRING, Definition.notBlank(), "User to log in as.");
    d.add(PASSWORD, Type.PASSWORD, null, null, Importance.HIGH, "Password of the user; better from a config provider.");
    d.add(
        KEY_FILE,
        Type.STRING,
        "",
        null,
        Importance.HIGH,
        "File on the worker with the private key to log in with, in OpenSSH's format or PEM; in place of a password, or"
            + " tried before it.");
    d.add(PASSPHRASE, Type.PASSWORD, null, null, Importance.MEDIUM, "Passphrase of the private key, where it has one.");
    d.add(
        KNOWN_HOSTS,
        Type.STRING,
        "",
        null,
        Importance.MEDIUM,
        "File on the worker with the keys of known servers; .ssh/known_hosts of the worker's user, where empty.");
    d.add(
        CHECK_HOST,
        Type.BOOLEAN,
        true,
        null,
        Importance.LOW,
        "Refuse a server whose key is not among the known ones. Without, whoever sits between can read all files.");
    ConnectionSettings.define(
        d,
        "a wrong password, an unknown server, a folder that is not there",
        30_000,
        "How long the server may leave a request without an answer, in milliseconds, before the connection is given up.");
  }

  private static void defineFiles(Definition d) {
    d.group("Files");
    d.needed(
        INPUT,
        Type.STRING,
        Definition.notBlank(),
        "Folder on the server whose files are read; not those of folders in it.");
    d.add(
        PATTERN,
        Type.STRING,
        ".*",
        SftpSettings::checkPattern,
        Importance.HIGH,
        "Regular expression of the names of files to read, the whole of each.");
    d.add(
        CLEANUP,
        Type.STRING,
        "MOVE",
        Definition.oneOf(Cleanup.class),
        Importance.HIGH,
        "What is done with a file once the offset of its last record is committed: MOVE (to finished.path), DELETE, or"
            + " NONE (it is left, and remembered).");
    d.add(FINISHED, Type.STRING, "", null, Importance.HIGH, "Folder on the server that finished files are moved to.");
    d.add(
        ERROR,
        Type.STRING,
        "",
        null,
        Importance.HIGH,
        "Folder on the server that files are moved to that cannot be read at all; they are left, where empty.");
    d.add(
        AGE,
        Type.LONG,
        2000L,
        Range.atLeast(0),
        Importance.MEDIUM,
        "For how long size and time of a file have to stay as they are, in milliseconds, before it is read: files that"
            + " are still being written are left alone. 0 where files are moved into the folder whole.");
    d.add(POLL, Type.LONG, 1000L, Range.atLeast(50), Importance.MEDIUM, "Milliseconds between two looks for new files.");
  }

  private static void defineRecords(Definition d) {
    d.group("Records");
    d.needed(TOPIC, Type.STRING, Definition.notBlank(), "Topic that records are sent to.");
    d.add(
        FORMAT,
        Type.STRING,
        "csv",
        Definition.oneOf(RecordFormat.class),
        Importance.HIGH,
        "What the files are made of: csv (a record a line), hl7v2 (a record a message, raw, keyed by the patient).");
    d.add(
        VALUE_SCHEMA,
        Type.STRING,
        "",
        null,
        Importance.MEDIUM,
        "Fields of the value as JSON: {\"name\": …, \"type\": \"STRUCT\", \"fieldSchemas\": {\"age\": {\"type\": \"INT32\","
            + " \"isOptional\": true}, …}}. Where empty, columns are text, named by the header, or column_1 and so on.");
    d.add(
        KEY_SCHEMA,
        Type.STRING,
        "",
        null,
        Importance.MEDIUM,
        "Fields of the key as JSON, named as columns; file and line, where it has none.");
    d.add(
        KEY,
        Type.LIST,
        List.of(),
        null,
        Importance.MEDIUM,
        "Columns that make the record's key; file and line, where empty and there is no key.schema.");
    d.add(GENERATED_KEY, Type.LIST, List.of(), null, Importance.LOW, "Older name of " + KEY + ".");
    d.add(
        INFER,
        Type.INT,
        0,
        Range.between(0, 100_000),
        Importance.LOW,
        "Lines of each file that are looked at to find the types of its columns, where there is no value.schema; 0: all"
            + " are text.");
    d.add(
        CHARSET,
        Type.STRING,
        "UTF-8",
        SftpSettings::checkCharset,
        Importance.MEDIUM,
        "Encoding of CSV files. A byte order mark goes before it.");
    d.add(
        LONGEST,
        Type.INT,
        1 << 20,
        Range.between(1 << 10, 64 << 20),
        Importance.MEDIUM,
        "Most bytes of a record in its file; one that is longer cannot be read.");
    d.add(
        BATCH,
        Type.INT,
        5000,
        Range.atLeast(1),
        Importance.MEDIUM,
        "Most records that are handed on at once; with exactly-once, of a transaction.");
  }

  private static void defineCsv(Definition d) {
    d.group("CSV");
    d.add(HEADER, Type.BOOLEAN, false, null, Importance.HIGH, "Whether the first line has the names of the columns.");
    String code = " The character, \\t, or its number such as 9.";
    character(d, SEPARATOR, ",", "What stands between two columns." + code);
    character(d, QUOTE, "\"", "What stands around a value that holds separators or ends of lines; twice, it is itself.");
    character(d, ESCAPE, "", "What takes the meaning from the character behind it. None, where empty." + code);
    String before = "Lines before the header, or the first record, to pass over.";
    d.add(SKIP, Type.INT, 0, Range.atLeast(0), Importance.MEDIUM, before);
    d.add(
        NULL_FIELD,
        Type.STRING,
        "NEITHER",
        Definition.oneOf(NullField.class),
        Importance.MEDIUM,
        "Which empty texts are null: EMPTY_SEPARATORS (nothing between two separators), EMPTY_QUOTES (nothing between two"
            + " quotes), BOTH, NEITHER. Columns of other types than text are null wherever they are empty.");
    d.add(NULL_MARKER, Type.STRING, "", null, Importance.MEDIUM, "What stands for null, such as \\N; not within quotes.");
    d.add(
        ZONE,
        Type.STRING,
        "UTC",
        SftpSettings::checkZone,
        Importance.MEDIUM,
        "Time zone of timestamps that are written without one.");
    d.add(
        TIME_FORMATS,
        Type.LIST,
        List.of(),
        SftpSettings::checkFormats,
        Importance.MEDIUM,
        "How dates and timestamps are written, such as dd/MM/yyyy HH:mm; ISO 8601 besides, with T or a space.");
  }

  private static void character(Definition d, String name, String otherwise, String doc) {
    d.add(name, Type.STRING, otherwise, OneCharacter::check, Importance.MEDIUM, doc);
  }

  private static void defineErrors(Definition d) {
    d.group("Errors");
    d.add(
        ON_ERROR,
        Type.STRING,
        "FAIL",
        Definition.oneOf(OnError.class),
        Importance.HIGH,
        "What is done about a line that cannot be read: FAIL (the task ends before it), IGNORE (it goes to the"
            + " dead-letter topic with file, line and reason, and the rest goes on; so does a file, to error.path).");
    d.add(
        DEAD_LETTERS,
        Type.STRING,
        "",
        null,
        Importance.MEDIUM,
        "Topic for lines that cannot be read; DLQ- and the connector's name, where empty.");
  }

  private static void checkPattern(String name, Object value) {
    try {
      Pattern.compile((String) value);
    } catch (PatternSyntaxException e) {
      throw new ConfigException(name, value, "is no regular expression: " + e.getDescription());
    }
  }

  private static void checkCharset(String name, Object value) {
    try {
      Charset.forName((String) value);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(name, value, "is no encoding (such as UTF-8 or windows-1252)");
    }
  }

  private static void checkZone(String name, Object value) {
    try {
      ZoneId.of((String) value);
    } catch (DateTimeException e) {
      throw new ConfigException(name, value, "is no time zone (such as UTC or Europe/Paris)");
    }
  }

  private static void checkFormats(String name, Object value) {
    for (Object format : (List<?>) value) {
      try {
        DateTimeFormatter.ofPattern((String) format);
      } catch (IllegalArgumentException e) {
        throw new ConfigException(name, format, "is no form of dates (such as dd/MM/yyyy HH:mm)");
      }
    }
  }
}
