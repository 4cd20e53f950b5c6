package firth.connect;

import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;

/** Settings of every source: how long it waits for its server, and how often it tries again. */
public final class ConnectionSettings {
  public static final String ATTEMPTS = "connection.attempts";
  public static final String BACKOFF = "connection.backoff.ms";
  public static final String CONNECT_TIMEOUT = "connection.timeout.ms";
  public static final String READ_TIMEOUT = "connection.read.timeout.ms";

  private ConnectionSettings() {}

  /** Adds them; {@code forGood} are examples of what no try can mend, {@code silence} is what may last so long. */
  public static void define(Definition d, String forGood, int readTimeoutMs, String silence) {
    d.add(
        ATTEMPTS,
        Type.INT,
        30,
        Range.atLeast(1),
        Importance.LOW,
        "Tries in a row that may fail before the task fails. What no try can mend (" + forGood + ") fails it at once.");
    d.add(
        BACKOFF,
        Type.LONG,
        10_000L,
        Range.atLeast(1),
        Importance.LOW,
        "Longest pause between two tries, in milliseconds. It begins with a quarter of a second and doubles.");
    d.add(
        CONNECT_TIMEOUT,
        Type.LONG,
        10_000L,
        Range.atLeast(1000),
        Importance.LOW,
        "How long connecting may take, in milliseconds.");
    d.add(READ_TIMEOUT, Type.INT, readTimeoutMs, Range.atLeast(1000), Importance.LOW, silence);
  }

  /** The pauses that these settings ask for. */
  public static BackOff backOff(AbstractConfig settings) {
    return new BackOff(settings.getLong(BACKOFF), settings.getInt(ATTEMPTS));
  }
}
