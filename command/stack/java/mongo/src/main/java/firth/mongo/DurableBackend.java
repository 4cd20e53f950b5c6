package firth.mongo;

import de.bwaldvogel.mongo.MongoDatabase;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.h2.mvstore.MVStore;

/**
 * An H2 backend that answers a write only once the file holds it, so that what a client was told survives a kill -9.
 *
 * <p>By itself the backend saves once a second, and may save the half of a write: the document without its index.
 */
final class DurableBackend extends H2Backend {
  private static final Set<String> READS =
      Set.of("find", "getMore", "killCursors", "aggregate", "count", "distinct", "hello", "isMaster", "ping");
  private static final int WORTH_FILLING = 50; // per cent of a chunk still in use, under which it is moved together
  private static final int MOVED_AT_ONCE = 4 * 1024 * 1024; // bytes; commands wait meanwhile

  /** Commands share it, and a commit has it alone: then no command is half done. */
  private final ReadWriteLock commands = new ReentrantReadWriteLock();

  DurableBackend(String file) {
    super(new MVStore.Builder().fileName(file).autoCommitDisabled().autoCommitBufferSize(0).open());
    version(new Version());
  }

  @Override
  protected MongoDatabase openOrCreateDatabase(String name) {
    return new ByIdDatabase(name, getMvStore(), getCursorRegistry());
  }

  @Override
  public Document handleMessage(MongoMessage message) {
    Document answer;
    Lock command = commands.readLock();
    command.lock();
    try {
      answer = super.handleMessage(message);
    } finally {
      command.unlock();
    }
    if (!READS.contains(message.getDocument().keySet().iterator().next())) {
      alone(this::commit);
    }
    return answer;
  }

  /** Gives back the room of what was overwritten. To be called now and then. */
  void tidy() {
    alone(() -> getMvStore().compact(WORTH_FILLING, MOVED_AT_ONCE));
  }

  private void alone(Runnable work) {
    Lock all = commands.writeLock();
    all.lock();
    try {
      work.run();
    } finally {
      all.unlock();
    }
  }

  /** What today's drivers ask for at least; by itself the server claims less than it can. */
  private static final class Version implements MongoVersion {
    @Override
    public List<Integer> getVersionArray() {
      return List.of(4, 4, 0);
    }

    @Override
    public int getWireVersion() {
      return 9;
    }
  }
}
