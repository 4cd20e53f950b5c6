"""Twelve rows that a real hospital's database would hold, and that must not become FHIR: the demo's dead letters.

Each is what a person would find: a code that nobody mapped, a dose that is no number, a date without an end.
They stand among the first twenty patients, so that every demo has all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from command.demo.hospital import Cell, Rows


@dataclass(frozen=True, slots=True)
class BadRow:
    """The first row of `table` that patient `patient` has gets `values`, by the column's place in the table."""

    resource: str
    patient: int
    table: str
    values: dict[int, Cell]
    why: str


BAD_ROWS = (
    BadRow("mimic-patient", 3, "patients", {2: "X"}, "a gender that no concept map knows"),
    BadRow("mimic-patient", 5, "patients", {2: "UNK"}, "a gender that no concept map knows"),
    BadRow("mimic-patient", 7, "admissions", {12: "COMPLICATED"}, "a marital status that no concept map knows"),
    BadRow("mimic-encounter", 4, "admissions", {7: "** INFO NOT AVAILABLE **"}, "an admission from nowhere"),
    BadRow("mimic-condition", 13, "diagnoses_icd", {4: "4019  X"}, "two blanks in a code"),
    BadRow("mimic-medication-request", 6, "prescriptions", {14: "1-2"}, "a dose that is a range"),
    BadRow("mimic-medication-request", 8, "prescriptions", {14: "SLIDING SCALE"}, "a dose in words"),
    BadRow("mimic-medication-request", 9, "prescriptions", {14: "5,000"}, "a comma in a number"),
    BadRow("mimic-medication-request", 10, "prescriptions", {5: "infinity"}, "a prescription that never ends"),
    BadRow("mimic-observation", 11, "labevents", {6: "NaN"}, "a result that is not a number"),
    BadRow("mimic-observation", 12, "labevents", {6: "Infinity"}, "a result beyond all numbers"),
    BadRow("mimic-practitioner", 0, "caregivers", {2: None, 3: None}, "a qualification without its code"),
)
PATIENTS_NEEDED = 20


def spoil(rows: Rows, patient: int) -> None:
    """Put into `rows`, those of `patient`, the bad rows that are meant for them."""
    for bad in BAD_ROWS:
        if bad.patient == patient and bad.table in rows:
            first = list(rows[bad.table][0])
            for place, value in bad.values.items():
                first[place] = value
            rows[bad.table][0] = tuple(first)
