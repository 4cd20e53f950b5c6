package firth.fhir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * What the server is told by its environment, read once at the start.
 *
 * @param host address to listen on
 * @param port port to listen on
 * @param databaseUrl JDBC address of a PostgreSQL database that this server has for itself
 * @param databaseUser role that owns it
 * @param databasePassword its password, from the file that FHIR_DATABASE_PASSWORD_FILE names
 * @param connections most connections to the database at a time; a bundle in work holds one
 */
public record Settings(
    String host, int port, String databaseUrl, String databaseUser, String databasePassword, int connections) {

  /** Throws IllegalArgumentException with a sentence for a person where a setting is missing or wrong. */
  static Settings from(Map<String, String> environment) {
    return new Settings(
        environment.getOrDefault("FHIR_HOST", "127.0.0.1"),
        number(environment, "FHIR_PORT", 8080),
        needed(environment, "FHIR_DATABASE_URL"),
        needed(environment, "FHIR_DATABASE_USER"),
        content(needed(environment, "FHIR_DATABASE_PASSWORD_FILE")),
        number(environment, "FHIR_DATABASE_CONNECTIONS", 20));
  }

  /** A password does not belong into a log. */
  @Override
  public String toString() {
    return "Settings[" + host + ":" + port + ", " + databaseUrl + "]";
  }

  private static String needed(Map<String, String> environment, String name) {
    String value = environment.get(name);
    if (value == null || value.isBlank()) {
      throw new IllegalArgumentException(name + ": is not set");
    }
    return value;
  }

  private static int number(Map<String, String> environment, String name, int otherwise) {
    String value = environment.get(name);
    if (value == null || value.isBlank()) {
      return otherwise;
    }
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + ": \"" + value + "\" is not a whole number", e);
    }
  }

  private static String content(String file) {
    try {
      return Files.readString(Path.of(file)).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("FHIR_DATABASE_PASSWORD_FILE: " + file + " cannot be read", e);
    }
  }
}
