package firth.connect;

import java.util.concurrent.ThreadLocalRandom;

/** How long to leave a server alone that did not answer: twice as long each time, with jitter, up to a limit. */
public final class BackOff {
  private static final long FIRST_MS = 250;

  private final long longestMs;
  private final int attempts;
  private int failures;

  /**
   * @param longestMs the longest pause
   * @param attempts failures in a row after which there is no further try
   */
  public BackOff(long longestMs, int attempts) {
    this.longestMs = longestMs;
    this.attempts = attempts;
  }

  /** Note a success: the next failure is the first again. */
  public void reset() {
    failures = 0;
  }

  /** Note a failure; milliseconds to wait before the next try. */
  public long failed() {
    failures++;
    long full = Math.min(longestMs, FIRST_MS << Math.min(failures - 1, 20));
    return ThreadLocalRandom.current().nextLong(full / 2, full + 1);
  }

  /** Failures in a row. */
  public int failures() {
    return failures;
  }

  /** Whether the last failure was one too many. */
  public boolean exhausted() {
    return failures >= attempts;
  }
}
