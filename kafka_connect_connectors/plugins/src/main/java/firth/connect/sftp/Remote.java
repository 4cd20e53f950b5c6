package firth.connect.sftp;

import firth.connect.ConnectionSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.common.config.types.Password;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.config.hosts.HostConfigEntryResolver;
import org.apache.sshd.client.keyverifier.AcceptAllServerKeyVerifier;
import org.apache.sshd.client.keyverifier.KnownHostsServerKeyVerifier;
import org.apache.sshd.client.keyverifier.RejectAllServerKeyVerifier;
import org.apache.sshd.client.keyverifier.ServerKeyVerifier;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.config.keys.FilePasswordProvider;
import org.apache.sshd.common.keyprovider.KeyIdentityProvider;
import org.apache.sshd.common.session.SessionHeartbeatController.HeartbeatType;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.sftp.SftpModuleProperties;
import org.apache.sshd.sftp.client.SftpClient;
import org.apache.sshd.sftp.client.SftpClientFactory;
import org.apache.sshd.sftp.common.SftpConstants;
import org.apache.sshd.sftp.common.SftpException;

/**
 * The server, over one connection that is made when it is needed. Nothing waits longer than the settings say; where
 * something fails, {@link #disconnect} and try again. Not to be shared by threads.
 */
final class Remote implements AutoCloseable {
  private static final Duration KEEP_ALIVE = Duration.ofSeconds(10);
  private static final int UNANSWERED = 3;
  private static final int THREADS = 2;
  private static final int READ_BYTES = 32_000; // what every server gives at once

  private final SftpSettings settings;
  private final SshClient client;
  private final Set<String> made = new HashSet<>();
  private ClientSession session;
  private SftpClient sftp;

  /** Connects when first asked for something. */
  Remote(SftpSettings settings) {
    this.settings = settings;
    client = SshClient.setUpDefaultClient();
    // What the worker's user has set up for his own use is none of the connector's.
    client.setHostConfigEntryResolver(HostConfigEntryResolver.EMPTY);
    client.setKeyIdentityProvider(KeyIdentityProvider.EMPTY_KEYS_PROVIDER);
    client.setServerKeyVerifier(verifier(settings));
    client.setSessionHeartbeat(HeartbeatType.IGNORE, KEEP_ALIVE);
    CoreModuleProperties.HEARTBEAT_REQUEST.set(client, "keepalive@openssh.com");
    CoreModuleProperties.HEARTBEAT_INTERVAL.set(client, KEEP_ALIVE);
    CoreModuleProperties.HEARTBEAT_NO_REPLY_MAX.set(client, UNANSWERED);
    CoreModuleProperties.IDLE_TIMEOUT.set(client, readTimeout());
    CoreModuleProperties.NIO_WORKERS.set(client, THREADS);
    SftpModuleProperties.SFTP_CHANNEL_OPEN_TIMEOUT.set(client, readTimeout());
    client.start();
  }

  /** The plain files of the input folder whose names fit. */
  List<RemoteFile> list(Predicate<String> fits) throws IOException {
    List<RemoteFile> files = new ArrayList<>();
    try {
      for (SftpClient.DirEntry entry : sftp().readDir(settings.getString(SftpSettings.INPUT))) {
        SftpClient.Attributes attributes = entry.getAttributes();
        if (attributes.isRegularFile() && fits.test(entry.getFilename())) {
          files.add(file(entry.getFilename(), attributes));
        }
      }
      return files;
    } catch (UncheckedIOException e) {
      // Some servers also say so when a file is taken away while they list.
      if (!exists(settings.getString(SftpSettings.INPUT))) {
        throw new ForGood(SftpSettings.INPUT + ": there is no folder " + settings.getString(SftpSettings.INPUT));
      }
      throw e.getCause();
    }
  }

  /** A file of the input folder as it is now; null where it is gone. */
  RemoteFile look(String name) throws IOException {
    try {
      return file(name, sftp().stat(path(SftpSettings.INPUT, name)));
    } catch (SftpException e) {
      if (e.getStatus() == SftpConstants.SSH_FX_NO_SUCH_FILE) {
        return null;
      }
      throw e;
    }
  }

  /**
   * A file of the input folder, from a byte on.
   *
   * @throws Gone where it is not there any more, or another file is
   * @throws Unreadable where the server refuses
   */
  InputStream open(RemoteFile file, long from) throws IOException {
    if (!file.equals(look(file.name()))) {
      throw new Gone();
    }
    try {
      InputStream stream = sftp().read(path(SftpSettings.INPUT, file.name()), READ_BYTES);
      if (from > 0) {
        stream.skip(from); // sets where it begins, and reads nothing
      }
      return stream;
    } catch (SftpException e) {
      throw new Unreadable("the server does not open it: " + SshFailure.sentence(e));
    }
  }

  /** A file that was taken away or replaced. */
  static final class Gone extends IOException {
    private static final long serialVersionUID = 1;
  }

  /** Moves a file of the input folder to the folder of {@code setting}; into another name where that is taken. */
  void move(RemoteFile file, String setting) throws IOException {
    SftpClient now = sftp();
    String folder = settings.getString(setting);
    if (!made.contains(folder)) {
      make(folder);
      made.add(folder);
    }
    String name = file.name();
    for (int number = 2; exists(path(setting, name)); number++) {
      name = file.name() + "." + number;
    }
    now.rename(path(SftpSettings.INPUT, file.name()), path(setting, name));
  }

  private void make(String folder) throws IOException {
    if (!exists(folder)) {
      try {
        sftp().mkdir(folder);
      } catch (SftpException e) {
        if (!exists(folder)) { // else another task has made it in between
          throw e;
        }
      }
    }
  }

  void delete(RemoteFile file) throws IOException {
    sftp().remove(path(SftpSettings.INPUT, file.name()));
  }

  /** Let go of the connection; the next request makes another. */
  void disconnect() {
    ClientSession old = session;
    session = null;
    sftp = null;
    if (old != null) {
      old.close(true);
    }
  }

  @Override
  public void close() {
    disconnect();
    client.stop();
  }

  private SftpClient sftp() throws IOException {
    if (sftp == null || !sftp.isOpen()) {
      disconnect();
      Duration limit = Duration.ofMillis(settings.getLong(ConnectionSettings.CONNECT_TIMEOUT));
      String host = settings.getString(SftpSettings.HOST);
      String user = settings.getString(SftpSettings.USER);
      session = client.connect(user, host, settings.getInt(SftpSettings.PORT)).verify(limit).getClientSession();
      identify();
      session.auth().verify(limit);
      sftp = SftpClientFactory.instance().createSftpClient(session);
    }
    return sftp;
  }

  private void identify() throws IOException {
    String keyFile = settings.getString(SftpSettings.KEY_FILE);
    if (!keyFile.isBlank()) {
      keys(Path.of(keyFile)).forEach(session::addPublicKeyIdentity);
    }
    Password password = settings.getPassword(SftpSettings.PASSWORD);
    if (SftpSettings.isGiven(password)) {
      session.addPasswordIdentity(password.value());
    }
  }

  private Iterable<KeyPair> keys(Path file) throws ForGood {
    Password passphrase = settings.getPassword(SftpSettings.PASSPHRASE);
    FilePasswordProvider finder =
        SftpSettings.isGiven(passphrase) ? FilePasswordProvider.of(passphrase.value()) : FilePasswordProvider.EMPTY;
    try (InputStream in = Files.newInputStream(file)) {
      NamedResource name = NamedResource.ofName(file.toString());
      Iterable<KeyPair> found = SecurityUtils.loadKeyPairIdentities(session, name, in, finder);
      if (found != null) {
        return found;
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      // Whatever is wrong with it, the library's words would not tell more than those below.
    }
    throw new ForGood(SftpSettings.KEY_FILE + ": " + file + " holds no private key, or one with another passphrase");
  }

  /** What no further try mends. */
  static final class ForGood extends IOException {
    private static final long serialVersionUID = 1;

    ForGood(String sentence) {
      super(sentence);
    }
  }

  private boolean exists(String path) throws IOException {
    try {
      sftp().stat(path);
      return true;
    } catch (SftpException e) {
      if (e.getStatus() == SftpConstants.SSH_FX_NO_SUCH_FILE) {
        return false;
      }
      throw e;
    }
  }

  private Duration readTimeout() {
    return Duration.ofMillis(settings.getInt(ConnectionSettings.READ_TIMEOUT));
  }

  private String path(String setting, String name) {
    String folder = settings.getString(setting);
    return folder.endsWith("/") ? folder + name : folder + "/" + name;
  }

  private static RemoteFile file(String name, SftpClient.Attributes attributes) {
    return new RemoteFile(name, attributes.getModifyTime().toMillis(), attributes.getSize());
  }

  private static ServerKeyVerifier verifier(SftpSettings settings) {
    return settings.getBoolean(SftpSettings.CHECK_HOST)
        ? new KnownHostsServerKeyVerifier(RejectAllServerKeyVerifier.INSTANCE, settings.knownHosts())
        : AcceptAllServerKeyVerifier.INSTANCE;
  }
}
