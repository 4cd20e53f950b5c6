package firth.connect.sftp;

import firth.connect.RunningTask;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.KeyPair;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.config.keys.AuthorizedKeysAuthenticator;
import org.apache.sshd.server.keyprovider.SimpleGeneratorHostKeyProvider;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;

/** A real SFTP server on a folder of the test's, and tasks that read what is dropped there. */
final class SftpFolder implements AutoCloseable {
  private final Path home;
  private final SshServer server = SshServer.setUpDefaultServer();
  private int clock = 1_000_000;

  SftpFolder(Path home) throws Exception {
    this.home = home;
    Files.createDirectories(home.resolve("files/in"));
    SimpleGeneratorHostKeyProvider keys = new SimpleGeneratorHostKeyProvider(home.resolve("host_key"));
    keys.setAlgorithm("EC");
    keys.setKeySize(256);
    server.setHost("127.0.0.1");
    server.setPort(0);
    server.setKeyPairProvider(keys);
    server.setPasswordAuthenticator((name, given, session) -> name.equals("firth") && given.equals("secret"));
    server.setPublickeyAuthenticator(new AuthorizedKeysAuthenticator(home.resolve("authorized_keys")));
    server.setFileSystemFactory(new VirtualFileSystemFactory(home.resolve("files")));
    server.setSubsystemFactories(List.of(new SftpSubsystemFactory()));
    server.start();
    KeyPair pair = keys.loadKeys(null).iterator().next();
    know(PublicKeyEntry.toString(pair.getPublic()));
  }

  /** Have clients know the server by that key. */
  void know(String key) throws IOException {
    Files.writeString(home.resolve("known_hosts"), "[127.0.0.1]:" + server.getPort() + " " + key + "\n");
  }

  /** Breaks all connections. */
  void disconnect() {
    server.getActiveSessions().forEach(session -> session.close(true));
  }

  /** Settings that read the folder at once, and have nobody wait. */
  Map<String, String> settings(String... others) {
    Map<String, String> settings = new HashMap<>();
    settings.put("name", "drop");
    settings.put("sftp.host", "127.0.0.1");
    settings.put("sftp.port", Integer.toString(server.getPort()));
    settings.put("sftp.username", "firth");
    settings.put("sftp.password", "secret");
    settings.put("sftp.known.hosts", home.resolve("known_hosts").toString());
    settings.put("input.path", "/in");
    settings.put("finished.path", "/finished");
    settings.put("error.path", "/error");
    settings.put("input.file.pattern", ".*\\.csv(\\.gz)?");
    settings.put("file.minimum.age.ms", "0");
    settings.put("empty.poll.wait.ms", "50");
    settings.put("connection.backoff.ms", "50");
    settings.put("kafka.topic", "rows");
    settings.put("csv.first.row.as.header", "true");
    settings.put("behavior.on.error", "IGNORE");
    String all = IntStream.range(0, Part.COUNT).mapToObj(Integer::toString).collect(Collectors.joining(","));
    settings.put("task.parts", all);
    for (int index = 0; index < others.length; index += 2) {
      settings.put(others[index], others[index + 1]);
    }
    return settings;
  }

  RunningTask task(String... others) {
    return task(List.of(), others);
  }

  /** One that begins behind those records. */
  RunningTask task(List<SourceRecord> behind, String... others) {
    return new RunningTask(new SftpSourceTask(), settings(others), behind);
  }

  /** Drops a file that is a second younger than the one before. */
  Path drop(String name, String content) throws IOException {
    return drop(name, content.getBytes(StandardCharsets.UTF_8));
  }

  Path drop(String name, byte[] content) throws IOException {
    Path half = Files.write(home.resolve("half"), content);
    Files.setLastModifiedTime(half, FileTime.fromMillis(1000L * clock++));
    return Files.move(half, home.resolve("files/in").resolve(name), StandardCopyOption.REPLACE_EXISTING);
  }

  /** A private key that the server takes. */
  Path key(String file) throws Exception {
    Process made = new ProcessBuilder("ssh-keygen", "-q", "-t", "ed25519", "-N", "phrase", "-f", file).start();
    made.waitFor();
    Files.copy(Path.of(file + ".pub"), home.resolve("authorized_keys"));
    return Path.of(file);
  }

  /** Names in a folder; none where it is not there. */
  List<String> names(String folder) throws IOException {
    Path path = home.resolve("files").resolve(folder);
    if (!Files.exists(path)) {
      return List.of();
    }
    try (Stream<Path> found = Files.list(path)) {
      return found.map(each -> each.getFileName().toString()).sorted().toList();
    }
  }

  @Override
  public void close() throws IOException {
    server.stop(true);
  }
}
