"""The hospital that the demo makes up: the same for the same seed, and sound but for its bad rows."""

from __future__ import annotations

import hashlib
from collections import Counter

from command.demo.bad_rows import BAD_ROWS, PATIENTS_NEEDED
from command.demo.database import EDITION, SEED, TABLES
from command.demo.hospital import PATIENT_TABLES, Hospital
from command.demo.tables import columns


def test_a_patient_is_the_same_whoever_was_asked_for_before() -> None:
    asked_for_others = Hospital(SEED)
    for number in range(30):
        asked_for_others.patient(number)
    assert asked_for_others.patient(7) == Hospital(SEED).patient(7)


def test_another_seed_is_another_hospital() -> None:
    assert Hospital(SEED).patient(50) != Hospital(SEED + 1).patient(50)


def test_the_rows_of_this_edition_are_these() -> None:
    hospital = Hospital(SEED)
    rows = [hospital.patient(number) for number in range(40)]
    digest = hashlib.sha256(repr([rows, hospital.caregivers(40)]).encode()).hexdigest()
    assert (EDITION, digest[:16]) == (2, "78a1f4f2cd8ff117"), "the rows changed: a new EDITION makes old databases anew"


def test_a_patients_rows_fill_every_column_of_their_tables() -> None:
    rows = Hospital(SEED).patient(1)
    assert tuple(rows) == PATIENT_TABLES
    for table, found in rows.items():
        assert {len(row) for row in found} <= {len(columns(table))}


def test_no_two_patients_share_an_id() -> None:
    hospital = Hospital(SEED)
    everyone = [hospital.patient(number) for number in range(1_500)]
    keys = {"admissions": ("row_id", "hadm_id"), "icustays": ("row_id", "icustay_id"), "labevents": ("row_id",)}
    for table, names in {**keys, "diagnoses_icd": ("row_id",), "prescriptions": ("row_id",)}.items():
        for name in names:
            place = columns(table).index(name)
            ids = Counter(row[place] for patient in everyone for row in patient[table])
            assert max(ids.values()) == 1, f"{table}.{name}"


def test_every_bad_row_stands_among_the_first_patients() -> None:
    hospital = Hospital(SEED)
    for bad in BAD_ROWS:
        assert bad.patient < PATIENTS_NEEDED
        first = hospital.patient(bad.patient)[bad.table][0]
        assert {name: first[columns(bad.table).index(name)] for name in bad.values} == bad.values


def test_the_schema_has_the_tables_that_are_filled() -> None:
    assert all(columns(table)[0] == "row_id" for table in TABLES)
