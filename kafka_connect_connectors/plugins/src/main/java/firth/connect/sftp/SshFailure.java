package firth.connect.sftp;

import java.io.IOException;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.SshException;
import org.apache.sshd.sftp.common.SftpConstants;
import org.apache.sshd.sftp.common.SftpException;

/** What a failure of the server means for us. */
final class SshFailure {
  private SshFailure() {}

  /** Whether the same would happen at the next try. */
  static boolean isForGood(IOException failure) {
    if (failure instanceof SftpException refused) {
      return refused.getStatus() == SftpConstants.SSH_FX_PERMISSION_DENIED;
    }
    if (failure instanceof SshException broken) {
      return isUnknownServer(broken) || isLoginRefused(broken);
    }
    return failure instanceof Remote.ForGood;
  }

  /** A failure that ends the task: a sentence for a person. */
  static ConnectException fatal(IOException failure, SftpSettings settings, int tries) {
    String where = settings.getString(SftpSettings.HOST) + ":" + settings.getInt(SftpSettings.PORT) + ": ";
    return new ConnectException(
        where + sentence(failure) + remedy(failure, settings) + "; tried " + tries + (tries == 1 ? " time" : " times"));
  }

  /** The failure for a person, in a line. */
  static String sentence(IOException failure) {
    if (failure instanceof SshException broken && isUnknownServer(broken)) {
      return "the server's key is not the one that is known, or none is";
    }
    if (failure instanceof SshException broken && isLoginRefused(broken)) {
      return "the server refuses the login";
    }
    if (failure instanceof Remote.ForGood) {
      return failure.getMessage();
    }
    Throwable root = failure;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    String kind = root.getClass().getSimpleName();
    if (root.getMessage() == null || root.getMessage().isBlank()) {
      return kind;
    }
    String line = root.getMessage().lines().findFirst().orElse("");
    return root instanceof SftpException ? line : line + " (" + kind + ")";
  }

  private static String remedy(IOException failure, SftpSettings settings) {
    if (failure instanceof SshException broken && isUnknownServer(broken)) {
      return ": compare it, and put it into " + settings.knownHosts() + " (ssh-keyscan shows it)";
    }
    if (failure instanceof SftpException) {
      return " (" + SftpSettings.INPUT + ", " + SftpSettings.FINISHED + " or " + SftpSettings.ERROR + ")";
    }
    return "";
  }

  private static boolean isUnknownServer(SshException failure) {
    return failure.getDisconnectCode() == SshConstants.SSH2_DISCONNECT_HOST_KEY_NOT_VERIFIABLE;
  }

  private static boolean isLoginRefused(SshException failure) {
    return failure.getDisconnectCode() == SshConstants.SSH2_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE;
  }
}
