package firth.connect.sftp;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which files have stayed as they are for long enough to be whole. */
final class Arrivals {
  private final long age;
  private Map<RemoteFile, Long> since = Map.of();

  /** @param ageNanos for how long they have to */
  Arrivals(long ageNanos) {
    this.age = ageNanos;
  }

  /** Takes note of all files that the folder has at that moment. */
  void see(List<RemoteFile> files, long nanos) {
    Map<RemoteFile, Long> now = new HashMap<>();
    files.forEach(file -> now.put(file, since.getOrDefault(file, nanos)));
    since = now;
  }

  /** Whether that file, which was seen, is whole. */
  boolean isWhole(RemoteFile file, long nanos) {
    return nanos - since.get(file) >= age;
  }
}
