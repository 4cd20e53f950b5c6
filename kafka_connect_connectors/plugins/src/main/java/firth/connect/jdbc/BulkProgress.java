package firth.connect.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;

/** All rows, every round. A round that was left begins again. */
final class BulkProgress implements Progress {
  private final Source source;
  private Map<String, ?> offset;

  BulkProgress(Source source) {
    this.source = source;
  }

  @Override
  public Optional<PreparedStatement> begin(Connection connection) throws SQLException {
    offset = Map.of("bulk", System.currentTimeMillis());
    return Optional.of(connection.prepareStatement("SELECT * FROM " + source.from()));
  }

  @Override
  public int hiddenColumns() {
    return 0;
  }

  @Override
  public boolean isNew(ResultSet row, RowShape shape) {
    return true;
  }

  @Override
  public Map<String, ?> sent(ResultSet row, RowShape shape) {
    return offset;
  }

  @Override
  public void end() {
    // The next round knows nothing of this one.
  }
}
