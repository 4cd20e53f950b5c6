import com.sun.tools.attach.VirtualMachine;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** Prints the attributes of MBeans in another JVM of this machine: {@code java ReadJmx.java PID PATTERN}. */
public final class ReadJmx {
  public static void main(String[] arguments) throws Exception {
    VirtualMachine machine = VirtualMachine.attach(arguments[0]);
    JMXServiceURL address = new JMXServiceURL(machine.startLocalManagementAgent());
    machine.detach();
    try (JMXConnector connector = JMXConnectorFactory.connect(address)) {
      MBeanServerConnection beans = connector.getMBeanServerConnection();
      for (ObjectName name : beans.queryNames(new ObjectName(arguments[1]), null)) {
        for (MBeanAttributeInfo attribute : beans.getMBeanInfo(name).getAttributes()) {
          System.out.println(attribute.getName() + "=" + beans.getAttribute(name, attribute.getName()));
        }
      }
    }
  }
}
