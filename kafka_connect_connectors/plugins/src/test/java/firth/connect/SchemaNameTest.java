package firth.connect;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SchemaNameTest {
  @Test
  void whatAvroTakesStaysAsItIs() {
    assertEquals("public.lab_events2", SchemaName.of("public.lab_events2"));
  }

  @Test
  void allElseBecomesUnderscores() {
    assertEquals("sftp_patients", SchemaName.of("sftp-patients"));
    assertEquals("hospital.R_sultats__2_", SchemaName.of("hospital.Résultats (2)"));
    assertEquals("_2024.labs", SchemaName.of("2024..labs"));
  }
}
