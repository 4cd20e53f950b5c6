package firth.connect;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/** When a task may try again to reach its server, and what it tells of that. Not to be shared by threads. */
public final class Retries {
  /** How long a poll may wait at most: Connect pauses and stops a task between two. */
  public static final long LONGEST_WAIT_MS = 500;

  private final BackOff backOff;
  private final TaskMetrics metrics;
  private final Logger log;
  private long retryAt = System.nanoTime();

  public Retries(BackOff backOff, TaskMetrics metrics, Logger log) {
    this.backOff = backOff;
    this.metrics = metrics;
    this.log = log;
  }

  /** Whether a try is due; waits for it a little where it is not. */
  public boolean isTime() throws InterruptedException {
    long left = TimeUnit.NANOSECONDS.toMillis(retryAt - System.nanoTime());
    if (left > 0) {
      Thread.sleep(Math.min(left, LONGEST_WAIT_MS));
    }
    return left <= LONGEST_WAIT_MS;
  }

  /** The server answered. */
  public void succeeded() {
    backOff.reset();
    metrics.answered();
  }

  /** The server failed, as {@code sentence} says; whether it is to be tried again. */
  public boolean failed(String sentence, boolean forGood) {
    long pause = backOff.failed();
    metrics.failed(backOff.failures());
    if (forGood || backOff.exhausted()) {
      return false;
    }
    log.warn("{}; next try in {} ms", sentence, pause);
    retryAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause);
    return true;
  }

  /** Failures in a row. */
  public int failures() {
    return backOff.failures();
  }
}
