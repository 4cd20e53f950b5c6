"""Twelve rows that a real hospital's database would hold, and that must not become FHIR: the demo's dead letters.

Each is what a person would find: a code that nobody mapped, a code with blanks in it, a date without an end.
They stand among the first twenty patients, so that every demo has all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from command.demo.tables import Cell, Rows, columns


@dataclass(frozen=True, slots=True)
class BadRow:
    """The first row of `table` that patient `patient` has gets `values`, column to cell."""

    resource: str
    patient: int
    table: str
    values: dict[str, Cell]
    why: str


BAD_ROWS = (
    BadRow("mimic-patient", 3, "patients", {"gender": "X"}, "a gender that no concept map knows"),
    BadRow("mimic-patient", 5, "patients", {"gender": "UNK"}, "a gender that no concept map knows"),
    BadRow("mimic-patient", 7, "admissions", {"marital_status": "COMPLICATED"}, "a marital status unheard of"),
    BadRow(
        "mimic-encounter", 4, "admissions", {"admission_location": "INFO NOT AVAILABLE"}, "an admission from nowhere"
    ),
    BadRow("mimic-encounter", 14, "icustays", {"first_careunit": ""}, "a stay that was nowhere"),
    BadRow("mimic-condition", 13, "diagnoses_icd", {"icd9_code": "4019  X"}, "two blanks in a code"),
    BadRow("mimic-medication-request", 6, "prescriptions", {"ndc": "00536  3381"}, "two blanks in a code"),
    BadRow("mimic-medication-request", 8, "prescriptions", {"startdate": "-infinity"}, "an order before all times"),
    BadRow("mimic-medication-request", 9, "prescriptions", {"startdate": "infinity"}, "an order after all times"),
    BadRow("mimic-medication-request", 10, "prescriptions", {"enddate": "infinity"}, "a prescription that never ends"),
    BadRow("mimic-observation", 11, "labevents", {"charttime": "-infinity"}, "a test before all times"),
    BadRow("mimic-observation", 12, "labevents", {"valuenum": "Infinity"}, "a result beyond all numbers"),
)
PATIENTS_NEEDED = 20


def spoil(rows: Rows, patient: int) -> None:
    """Put into `rows`, those of `patient`, the bad rows that are meant for them."""
    for bad in BAD_ROWS:
        if bad.patient == patient and bad.table in rows:
            first = list(rows[bad.table][0])
            for column, value in bad.values.items():
                first[columns(bad.table).index(column)] = value
            rows[bad.table][0] = tuple(first)
