package firth.connect.sftp;

import firth.connect.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.apache.kafka.connect.source.SourceConnector;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends what is in the files that are dropped into a folder of an SFTP server. */
public final class SftpSourceConnector extends SourceConnector {
  private static final Logger LOG = LoggerFactory.getLogger(SftpSourceConnector.class);

  private Map<String, String> properties;

  @Override
  public void start(Map<String, String> given) {
    properties = given;
    SftpSettings.NAMES.warn(given, LOG);
  }

  @Override
  public void stop() {
    // All that there is to stop are tasks.
  }

  @Override
  public Class<? extends Task> taskClass() {
    return SftpSourceTask.class;
  }

  /** Parts dealt out one by one, like cards. */
  @Override
  public List<Map<String, String>> taskConfigs(int most) {
    int count = Math.min(most, Part.COUNT);
    List<Map<String, String>> tasks = new ArrayList<>();
    for (int task = 0; task < count; task++) {
      int own = task;
      String parts =
          IntStream.range(0, Part.COUNT)
              .filter(part -> part % count == own)
              .mapToObj(Integer::toString)
              .collect(Collectors.joining(","));
      Map<String, String> config = new HashMap<>(properties);
      config.put(SftpSettings.TASK_PARTS, parts);
      tasks.add(config);
    }
    return tasks;
  }

  @Override
  public ConfigDef config() {
    return SftpSettings.DEFINITION;
  }

  @Override
  public Config validate(Map<String, String> given) {
    return SettingsCheck.check(super.validate(given), given);
  }

  @Override
  public String version() {
    return Version.current();
  }

  @Override
  public ExactlyOnceSupport exactlyOnceSupport(Map<String, String> given) {
    return ExactlyOnceSupport.SUPPORTED;
  }

  /**
   * Takes offsets to go on behind, of partitions as {@link Part} makes them; null ones forget.
   *
   * @throws ConnectException saying what is wrong with one
   */
  @Override
  public boolean alterOffsets(Map<String, String> config, Map<Map<String, ?>, Map<String, ?>> offsets) {
    String folder = new SftpSettings(config).getString(SftpSettings.INPUT);
    offsets.forEach((partition, offset) -> check(Part.number(partition, folder), offset));
    return true;
  }

  private static void check(int part, Map<String, ?> offset) {
    PartOffset wanted = PartOffset.read(offset);
    if (wanted != null && Part.of(wanted.file()) != part) {
      throw new ConnectException("offset: " + wanted.file() + " belongs to part " + Part.of(wanted.file()));
    }
  }
}
