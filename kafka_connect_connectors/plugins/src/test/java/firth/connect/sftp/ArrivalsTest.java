package firth.connect.sftp;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  private static final RemoteFile HALF = new RemoteFile("a.csv", 1_000, 10);
  private static final RemoteFile WHOLE = new RemoteFile("a.csv", 1_000, 20);

  private final Arrivals arrivals = new Arrivals(100);

  @Test
  void aFileIsWholeWhenItHasStayedAsItIsForLongEnough() {
    arrivals.see(List.of(HALF), 0);
    assertFalse(arrivals.isWhole(HALF, 99));
    arrivals.see(List.of(WHOLE), 90);
    assertFalse(arrivals.isWhole(WHOLE, 189));
    arrivals.see(List.of(WHOLE), 189);
    assertTrue(arrivals.isWhole(WHOLE, 190));
  }

  @Test
  void oneThatWentAndCameBackIsLookedAtAnew() {
    arrivals.see(List.of(WHOLE), 0);
    arrivals.see(List.of(), 50);
    arrivals.see(List.of(WHOLE), 100);
    assertFalse(arrivals.isWhole(WHOLE, 150));
  }
}
