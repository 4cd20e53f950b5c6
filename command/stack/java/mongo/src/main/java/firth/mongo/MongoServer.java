package firth.mongo;

import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The local stack's MongoDB: MONGODB_HOST and MONGODB_PORT say where it listens, MONGODB_FILE where its data lies.
 *
 * <p>It has no transactions, change streams or users; it is for one machine, on loopback.
 */
public final class MongoServer {
  private static final long TIDY_SECONDS = 30;

  private MongoServer() {}

  public static void main(String[] arguments) {
    Map<String, String> environment = System.getenv();
    String host = environment.getOrDefault("MONGODB_HOST", "127.0.0.1");
    int port = Integer.parseInt(environment.getOrDefault("MONGODB_PORT", "27017"));
    DurableBackend backend = new DurableBackend(environment.get("MONGODB_FILE"));
    var server = new de.bwaldvogel.mongo.MongoServer(backend);
    ScheduledExecutorService tidying = Executors.newSingleThreadScheduledExecutor();
    tidying.scheduleWithFixedDelay(backend::tidy, TIDY_SECONDS, TIDY_SECONDS, TimeUnit.SECONDS);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  tidying.shutdownNow();
                  server.shutdown();
                }));
    try {
      server.bind(host, port);
    } catch (Exception e) { // netty throws checked ones unannounced
      System.err.println(host + ":" + port + " cannot be listened on: " + e.getMessage());
      System.exit(1); // by itself it would stay: the threads of the server are running
    }
  }
}
