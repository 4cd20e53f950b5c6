package firth.connect.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import org.apache.kafka.connect.data.Schema;

/** A column of a result and the field that it becomes. */
record Column(String name, Schema schema, Reading reading) {

  /** How a column's value is had from a row; null where it is NULL. */
  @FunctionalInterface
  interface Reading {
    Object of(ResultSet row, int index) throws SQLException;
  }
}
