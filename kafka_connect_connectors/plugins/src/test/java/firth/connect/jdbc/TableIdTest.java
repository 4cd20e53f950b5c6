package firth.connect.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableIdTest {
  @Test
  void namesOfAnyCharactersPassThroughASetting() {
    List<TableId> tables =
        List.of(new TableId("", "public", "a,b/c d"), new TableId("cat", "", "\"quoted\" é"), new TableId("", "", "%2C"));
    assertEquals(tables, TableId.split(TableId.joined(tables)));
    assertEquals(List.of(), TableId.split(TableId.joined(List.of())));
  }

  @Test
  void aTableIsCalledByItsNameWithOrWithoutSchema() {
    TableId table = new TableId("", "public", "admissions");
    assertTrue(table.isCalled("admissions"));
    assertTrue(table.isCalled("public.admissions"));
    assertFalse(table.isCalled("other.admissions"));
  }

  @Test
  void aQuoteInANameCannotEndIt() {
    assertEquals("\"public\".\"a\"\"; DROP\"", new TableId("", "public", "a\"; DROP").quoted("\""));
  }
}
