package firth.connect.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LowWaterTest {
  private final LowWater<Long> lowWater = new LowWater<>();

  @Test
  void isUnknownWhileATransactionOfTheMarksTimeRuns() {
    lowWater.observe(100L, Set.of("3/7"), 500);
    lowWater.observe(200L, Set.of("3/7", "4/1"), 510);
    assertEquals(Optional.empty(), lowWater.forTransactionsFrom(510));
  }

  @Test
  void isTheMarkWhenThoseTransactionsAreOverAndRead() {
    lowWater.observe(100L, Set.of("3/7"), 500);
    lowWater.observe(200L, Set.of("4/1"), 510);
    assertEquals(Optional.empty(), lowWater.forTransactionsFrom(509), "3/7 may have been number 509");
    assertEquals(Optional.of(100L), lowWater.forTransactionsFrom(510));
  }

  @Test
  void staysWhileTheNextMarkIsNotReached() {
    lowWater.observe(100L, Set.of(), 500);
    lowWater.observe(100L, Set.of(), 500);
    assertEquals(Optional.of(100L), lowWater.forTransactionsFrom(500));
    lowWater.observe(300L, Set.of("5/1"), 600);
    lowWater.observe(400L, Set.of("5/1"), 700);
    assertEquals(Optional.of(100L), lowWater.forTransactionsFrom(700));
  }

  @Test
  void anEmptyTableGivesNoMark() {
    lowWater.observe(null, Set.of(), 500);
    lowWater.observe(7L, Set.of("2/2"), 510);
    lowWater.observe(9L, Set.of(), 520);
    assertEquals(Optional.of(7L), lowWater.forTransactionsFrom(520));
  }
}
