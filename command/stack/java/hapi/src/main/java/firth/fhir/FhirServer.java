package firth.fhir;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import java.net.InetSocketAddress;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * A HAPI FHIR R4 server under /fhir, for the local stack: one process, its data in PostgreSQL, its settings in the
 * environment. It is ready when GET /fhir/metadata answers; SIGTERM lets requests in work finish.
 */
public final class FhirServer {
  private static final Logger LOG = LoggerFactory.getLogger(FhirServer.class);
  private static final long STOP_MILLISECONDS = 10_000;

  private FhirServer() {}

  public static void main(String[] arguments) {
    try {
      serve();
    } catch (Exception e) {
      LOG.error("the server cannot start", e);
      System.exit(1); // by itself it would stay: HAPI's own threads are running
    }
  }

  private static void serve() throws Exception {
    Settings settings = Settings.from(System.getenv());
    AnnotationConfigApplicationContext parts = new AnnotationConfigApplicationContext();
    parts.registerBean(Settings.class, () -> settings);
    parts.register(Store.class);
    parts.refresh();

    ServletContextHandler web = new ServletContextHandler("/");
    web.addServlet(new ServletHolder(servlet(parts)), "/fhir/*");
    Server server = new Server(new InetSocketAddress(settings.host(), settings.port()));
    server.setHandler(web);
    server.setStopTimeout(STOP_MILLISECONDS);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, parts)));
    server.start();
    LOG.info("serving {}", settings);
    server.join();
  }

  private static RestfulServer servlet(ApplicationContext parts) {
    RestfulServer servlet = new RestfulServer(parts.getBean(FhirContext.class));
    servlet.registerProviders(parts.getBean(ResourceProviderFactory.class).createProviders());
    servlet.registerProvider(parts.getBean(IJpaSystemProvider.class));
    servlet.setPagingProvider(parts.getBean(DatabaseBackedPagingProvider.class));
    IFhirSystemDao<?, ?> system = parts.getBean(IFhirSystemDao.class);
    servlet.setServerConformanceProvider(
        new JpaCapabilityStatementProvider(
            servlet,
            system,
            parts.getBean(JpaStorageSettings.class),
            parts.getBean(ISearchParamRegistry.class),
            parts.getBean(IValidationSupport.class)));
    return servlet;
  }

  private static void stop(Server server, AnnotationConfigApplicationContext parts) {
    try {
      server.stop();
    } catch (Exception e) {
      LOG.warn("the web server did not stop cleanly", e);
    }
    parts.close();
  }
}
