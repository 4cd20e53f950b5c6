package firth.connect;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.metrics.Gauge;
import org.apache.kafka.common.metrics.MetricValueProvider;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.common.metrics.Sensor;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;
import org.apache.kafka.connect.source.SourceTaskContext;
import org.apache.kafka.connect.storage.OffsetStorageReader;

/** A task as Connect runs it: polled, stopped, and started again behind the offset of any record that it sent. */
public final class RunningTask implements AutoCloseable {
  private final SourceTask task;
  private final Map<Map<String, ?>, Map<String, ?>> offsets = new HashMap<>();
  private final Map<String, Gauge<?>> gauges = new HashMap<>();

  /** Behind those records. */
  public RunningTask(SourceTask task, Map<String, String> settings, List<SourceRecord> behind) {
    this.task = task;
    behind.forEach(record -> offsets.put(record.sourcePartition(), new HashMap<>(record.sourceOffset())));
    task.initialize(context(settings));
    task.start(settings);
  }

  /** What one poll gives; empty where it gives none. */
  public List<SourceRecord> poll() throws InterruptedException {
    List<SourceRecord> records = task.poll();
    return records == null ? List.of() : records;
  }

  /** Polls until {@code count} records have come, or for ten seconds. */
  public List<SourceRecord> take(int count) throws InterruptedException {
    List<SourceRecord> taken = new ArrayList<>();
    long limit = System.nanoTime() + 10_000_000_000L;
    while (taken.size() < count && System.nanoTime() < limit) {
      taken.addAll(poll());
    }
    return taken;
  }

  /** Everything that comes until there are {@code rounds} polls in a row without a record. */
  public List<SourceRecord> drain(int rounds) throws InterruptedException {
    List<SourceRecord> all = new ArrayList<>();
    for (int quiet = 0; quiet < rounds; quiet++) {
      List<SourceRecord> records = poll();
      all.addAll(records);
      quiet = records.isEmpty() ? quiet : -1;
    }
    return all;
  }

  /** Connect has committed everything up to that record. */
  public void commit(SourceRecord last) throws InterruptedException {
    offsets.put(last.sourcePartition(), new HashMap<>(last.sourceOffset()));
    task.commit();
  }

  /** A figure that the task tells of itself. */
  public long figure(String name) {
    return ((Number) gauges.get(name).value(null, System.currentTimeMillis())).longValue();
  }

  /** A column of each record, in order. */
  public static List<Object> values(Collection<SourceRecord> records, String column) {
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
        return new Figures();
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

  private final class Figures implements PluginMetrics {
    @Override
    public MetricName metricName(String name, String description, java.util.LinkedHashMap<String, String> tags) {
      return new MetricName(name, "plugins", description, tags);
    }

    @Override
    public void addMetric(MetricName name, MetricValueProvider<?> value) {
      gauges.put(name.name(), (Gauge<?>) value);
    }

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
