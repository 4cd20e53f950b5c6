package firth.connect.jdbc;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.metrics.MetricValueProvider;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTaskContext;
import org.apache.kafka.connect.storage.OffsetStorageReader;

/** A task as Connect runs it: polled, stopped, and started again behind the offset of any record that it sent. */
final class RunningTask implements AutoCloseable {
  private final JdbcSourceTask task = new JdbcSourceTask();
  private final Map<Map<String, ?>, Map<String, ?>> offsets = new HashMap<>();

  RunningTask(Map<String, String> settings, SourceRecord behind) {
    if (behind != null) {
      offsets.put(behind.sourcePartition(), new HashMap<>(behind.sourceOffset()));
    }
    task.initialize(context(settings));
    task.start(settings);
  }

  /** What one poll gives; empty where it gives none. */
  List<SourceRecord> poll() throws InterruptedException {
    List<SourceRecord> records = task.poll();
    return records == null ? List.of() : records;
  }

  /** Polls until {@code count} records have come, or for ten seconds. */
  List<SourceRecord> take(int count) throws InterruptedException {
    List<SourceRecord> taken = new ArrayList<>();
    long limit = System.nanoTime() + 10_000_000_000L;
    while (taken.size() < count && System.nanoTime() < limit) {
      taken.addAll(poll());
    }
    return taken;
  }

  /** Everything that comes until there are {@code rounds} polls in a row without a record. */
  List<SourceRecord> drain(int rounds) throws InterruptedException {
    List<SourceRecord> all = new ArrayList<>();
    for (int quiet = 0; quiet < rounds; quiet++) {
      List<SourceRecord> records = poll();
      all.addAll(records);
      quiet = records.isEmpty() ? quiet : -1;
    }
    return all;
  }

  /** A column of each record, in order. */
  static List<Object> values(Collection<SourceRecord> records, String column) {
    return records.stream().map(record -> ((Struct) record.value()).get(column)).toList();
  }

  @Override
  public void close() {
    task.stop();
  }

  private SourceTaskContext context(Map<String, String> settings) {
    return new SourceTaskContext() {
      @Override
      public Map<String, String> configs() {
        return settings;
      }

      @Override
      public OffsetStorageReader offsetStorageReader() {
        return reader();
      }

      @Override
      public PluginMetrics pluginMetrics() {
        return new NoMetrics();
      }
    };
  }

  @SuppressWarnings("unchecked")
  private OffsetStorageReader reader() {
    return (OffsetStorageReader)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {OffsetStorageReader.class},
            (proxy, method, arguments) -> offsets.get((Map<String, ?>) arguments[0]));
  }

  private static final class NoMetrics implements PluginMetrics {
    @Override
    public MetricName metricName(String name, String description, java.util.LinkedHashMap<String, String> tags) {
      return new MetricName(name, "plugins", description, tags);
    }

    @Override
    public void addMetric(MetricName name, MetricValueProvider<?> value) {}

    @Override
    public void removeMetric(MetricName name) {}

    @Override
    public Sensor addSensor(String name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void removeSensor(String name) {}
  }
}
