package firth.connect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BackOffTest {
  @Test
  void pausesGrowUpToTheLongest() {
    BackOff backOff = new BackOff(1000, 100);
    assertTrue(backOff.failed() <= 250);
    for (int failure = 0; failure < 70; failure++) {
      long pause = backOff.failed();
      assertTrue(pause >= 125 && pause <= 1000, "paused " + pause);
    }
    assertTrue(backOff.failed() >= 500);
  }

  @Test
  void aSuccessForgetsTheFailuresBefore() {
    BackOff backOff = new BackOff(1000, 2);
    backOff.failed();
    backOff.reset();
    backOff.failed();
    assertFalse(backOff.exhausted());
    backOff.failed();
    assertTrue(backOff.exhausted());
    assertEquals(2, backOff.failures());
  }
}
