package firth.connect.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FetchSizeTest {
  private static final long MEGABYTE = 1 << 20;

  private final FetchSize fetch = new FetchSize(100, MEGABYTE);

  @Test
  void growsToTheMost() {
    assertEquals(List.of(16, 32, 64, 100), changes(300, 1000));
  }

  @Test
  void staysWithinTheBytes() {
    assertEquals(List.of(16, 10), changes(300, MEGABYTE / 10));
    assertEquals(List.of(10, 1), changes(300, 2 * MEGABYTE));
    assertEquals(List.of(1, 2, 4, 8, 16, 32, 64, 100), changes(500, 10));
  }

  @Test
  void doesNotGrowByRowsThatNobodyLookedAt() {
    for (int row = 0; row < 100; row++) {
      fetch.isChanged();
    }
    assertEquals(16, fetch.rows());
  }

  /** The sizes while so many rows of so many bytes pass, from the one before. */
  private List<Integer> changes(int rows, long bytes) {
    List<Integer> sizes = new ArrayList<>(List.of(fetch.rows()));
    for (int row = 0; row < rows; row++) {
      fetch.measured(bytes);
      if (fetch.isChanged()) {
        sizes.add(fetch.rows());
      }
    }
    return sizes;
  }
}
