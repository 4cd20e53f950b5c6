package firth.connect;

/** The version of this plugin, as its jar says. */
public final class Version {
  private Version() {}

  /** Such as {@code 0.1.0}; {@code unpackaged} where the classes do not come from a jar. */
  public static String current() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "unpackaged" : version;
  }
}
