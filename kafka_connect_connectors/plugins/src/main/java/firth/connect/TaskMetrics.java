package firth.connect;

import java.util.LinkedHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.apache.kafka.common.metrics.Gauge;
import org.apache.kafka.common.metrics.PluginMetrics;

/** What a task tells of itself, beside what Connect measures of every task: JMX {@code kafka.connect:type=plugins,*}. */
public final class TaskMetrics {
  private final PluginMetrics metrics;
  private final AtomicLong answered = new AtomicLong(System.nanoTime());
  private final AtomicLong failures = new AtomicLong();

  /** Registers {@code failures-in-a-row} and {@code ms-since-answer}. */
  public TaskMetrics(PluginMetrics metrics) {
    this.metrics = metrics;
    gauge("failures-in-a-row", "Tries to reach the source that failed since it last answered", failures::get);
    gauge(
        "ms-since-answer",
        "Milliseconds since the source last answered",
        () -> (System.nanoTime() - answered.get()) / 1_000_000);
  }

  /** Registers another figure of this kind of source. */
  public void gauge(String name, String description, LongSupplier value) {
    Gauge<Long> gauge = (config, now) -> value.getAsLong();
    metrics.addMetric(metrics.metricName(name, description, new LinkedHashMap<>()), gauge);
  }

  /** The source answered. */
  public void answered() {
    answered.set(System.nanoTime());
    failures.set(0);
  }

  /** The source failed to answer, so many times in a row. */
  public void failed(int inARow) {
    failures.set(inARow);
  }
}
