package firth.connect.sftp;

import firth.connect.ConnectionSettings;
import firth.connect.Retries;
import firth.connect.TaskMetrics;
import firth.connect.Version;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the files of one task. Each poll is of one file, and of one Kafka transaction with exactly-once. */
public final class SftpSourceTask extends SourceTask {
  private static final Logger LOG = LoggerFactory.getLogger(SftpSourceTask.class);

  private SftpSettings settings;
  private Remote remote;
  private Retries retries;
  private volatile Drop drop;

  @Override
  public void start(Map<String, String> properties) {
    settings = new SftpSettings(properties);
    TaskMetrics metrics = new TaskMetrics(context.pluginMetrics());
    retries = new Retries(ConnectionSettings.backOff(settings), metrics, LOG);
    List<Integer> parts = Arrays.stream(properties.get(SftpSettings.TASK_PARTS).split(",")).map(Integer::valueOf).toList();
    remote = new Remote(settings);
    drop = new Drop(settings, parts, remote, context.offsetStorageReader());
    metrics.gauge("files-waiting", "Files that were seen and are not read to their end", drop::waiting);
    metrics.gauge("lines-refused", "Lines that could not be read, since the task's start", drop::refused);
  }

  @Override
  public List<SourceRecord> poll() throws InterruptedException {
    if (!retries.isTime()) {
      return null;
    }
    try {
      List<SourceRecord> records = drop.take(settings.getInt(SftpSettings.BATCH), Retries.LONGEST_WAIT_MS);
      retries.succeeded();
      return records;
    } catch (IOException e) {
      retryLater(e);
      return null;
    }
  }

  @Override
  public void commit() {
    Drop now = drop;
    if (now != null) {
      now.committed();
    }
  }

  @Override
  public void stop() {
    if (remote != null) {
      remote.close();
    }
  }

  @Override
  public String version() {
    return Version.current();
  }

  private void retryLater(IOException failure) {
    drop.leave();
    remote.disconnect();
    if (!retries.failed(SshFailure.sentence(failure), SshFailure.isForGood(failure))) {
      throw SshFailure.fatal(failure, settings, retries.failures());
    }
  }
}
