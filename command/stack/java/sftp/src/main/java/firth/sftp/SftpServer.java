package firth.sftp;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.sshd.common.config.keys.PublicKeyEntry;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.config.keys.AuthorizedKeysAuthenticator;
import org.apache.sshd.server.keyprovider.SimpleGeneratorHostKeyProvider;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;

/**
 * The local stack's SFTP server: SFTP_HOST and SFTP_PORT say where it listens, SFTP_FOLDER what its one user sees, and
 * that user is SFTP_USER with SFTP_PASSWORD, or with a key of the file SFTP_AUTHORIZED_KEYS.
 *
 * <p>Its own key is kept in SFTP_HOST_KEY, and put down in SFTP_KNOWN_HOSTS for clients to know it by; what that
 * file says of other servers stays. No shell, no other subsystem, no forwarding.
 */
public final class SftpServer {
  private SftpServer() {}

  public static void main(String[] arguments) throws Exception {
    Map<String, String> environment = System.getenv();
    String host = environment.get("SFTP_HOST");
    int port = Integer.parseInt(environment.get("SFTP_PORT"));
    String user = environment.get("SFTP_USER");
    byte[] password = bytes(environment.get("SFTP_PASSWORD"));
    SimpleGeneratorHostKeyProvider keys = hostKeys(Path.of(environment.get("SFTP_HOST_KEY")));

    SshServer server = SshServer.setUpDefaultServer();
    server.setHost(host);
    server.setPort(port);
    server.setKeyPairProvider(keys);
    server.setPasswordAuthenticator(
        (name, given, session) -> name.equals(user) && MessageDigest.isEqual(bytes(given), password));
    AuthorizedKeysAuthenticator known = new AuthorizedKeysAuthenticator(Path.of(environment.get("SFTP_AUTHORIZED_KEYS")));
    server.setPublickeyAuthenticator((name, key, session) -> name.equals(user) && known.authenticate(name, key, session));
    server.setFileSystemFactory(new VirtualFileSystemFactory(Path.of(environment.get("SFTP_FOLDER"))));
    server.setSubsystemFactories(List.of(new SftpSubsystemFactory()));
    writeKnownHosts(Path.of(environment.get("SFTP_KNOWN_HOSTS")), host, port, keys);
    server.start();
    Thread.currentThread().join();
  }

  private static SimpleGeneratorHostKeyProvider hostKeys(Path file) {
    SimpleGeneratorHostKeyProvider keys = new SimpleGeneratorHostKeyProvider(file);
    keys.setAlgorithm("EC");
    keys.setKeySize(256);
    return keys;
  }

  private static void writeKnownHosts(Path file, String host, int port, KeyPairProvider keys) throws Exception {
    KeyPair pair = keys.loadKeys(null).iterator().next();
    String name = "[" + host + "]:" + port + " ";
    List<String> lines = new ArrayList<>(List.of(name + PublicKeyEntry.toString(pair.getPublic())));
    if (Files.exists(file)) {
      // In Latin-1 every byte is a character, so that whatever a comment is written in stays as it is.
      Files.readAllLines(file, StandardCharsets.ISO_8859_1).stream()
          .filter(line -> !line.startsWith(name))
          .forEach(lines::add);
    }
    Path next = file.resolveSibling(file.getFileName() + ".new");
    Files.write(next, lines, StandardCharsets.ISO_8859_1);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
