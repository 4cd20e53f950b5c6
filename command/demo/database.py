"""The demo's source: a PostgreSQL database shaped like MIMIC-III's, filled with a hospital that never was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from command.demo import terms
from command.demo.bad_rows import PATIENTS_NEEDED
from command.demo.hospital import PATIENT_TABLES, Hospital
from command.demo.tables import Row

TABLES = (*PATIENT_TABLES, "caregivers", "d_icd_diagnoses", "d_labitems")
SEED = 3
MOST_PATIENTS = 1_000_000
PATIENTS_A_COPY = 1_000  # bounds the memory; more at once is no faster

# Goes up when the same seed gives other rows, so that a database made before is made anew.
EDITION = 2

HERE = Path(__file__).parent


class NotOurs(Exception):
    """The database holds tables of these names that the demo did not make, and that it will not touch."""


@dataclass(frozen=True, slots=True)
class SourceDatabase:
    """What `create_source` left behind: rows by table, and whether it had to make them."""

    rows: dict[str, int]
    made: bool


def create_source(
    url: str, *, patients: int, seed: int = SEED, on_progress: Callable[[int], None] = lambda _: None
) -> SourceDatabase:
    """Fill the database at `url` with `patients` patients; nothing is done where it holds just these.

    All or nothing: it is one transaction. `on_progress` is told how many patients are in, a thousand at a
    time. About 100,000 rows a second on two cores, in memory that does not grow with `patients`.

    Raises ValueError for a number of patients out of range, NotOurs, and psycopg.Error.
    """
    check_patients(patients)
    mark = f"made by Firth's demo: edition {EDITION}, seed {seed}, {patients} patients"
    with psycopg.connect(url) as connection:
        found = _mark(connection)
        if found != mark:
            if found is not None and not found.startswith("made by Firth's demo"):
                raise NotOurs(
                    f'database {connection.info.dbname}: it has a table "patients" that the demo did not make: '
                    "drop it, or give the demo another database"
                )
            _make(connection, Hospital(seed), patients, on_progress)
            connection.execute(sql.SQL("comment on table patients is {}").format(sql.Literal(mark)))
        return SourceDatabase(rows=_count(connection), made=found != mark)


def check_patients(patients: int) -> None:
    """Raise ValueError for a number of patients out of range."""
    if not PATIENTS_NEEDED <= patients <= MOST_PATIENTS:
        raise ValueError(f"patients: {patients:,} is not between {PATIENTS_NEEDED} and {MOST_PATIENTS:,}")


def _mark(connection: psycopg.Connection) -> str | None:
    """The comment on table patients: "" where it has none, None where there is no such table."""
    row = connection.execute(
        "select coalesce(obj_description(oid), '') from pg_class where oid = to_regclass('patients')"
    ).fetchone()
    return row[0] if row else None


def _make(
    connection: psycopg.Connection, hospital: Hospital, patients: int, on_progress: Callable[[int], None]
) -> None:
    for table in TABLES:
        connection.execute(sql.SQL("drop table if exists {}").format(sql.Identifier(table)))
    connection.execute((HERE / "schema.sql").read_bytes())
    _copy(connection, "d_icd_diagnoses", ((n, *row) for n, row in enumerate(terms.DIAGNOSES, start=1)))
    _copy(connection, "d_labitems", map(_lab_item, range(len(terms.LAB_ITEMS)), terms.LAB_ITEMS))
    _copy(connection, "caregivers", hospital.caregivers(patients))
    done = 0
    # The next thousand are thought up while the server takes these: half as much again by the clock.
    with ThreadPoolExecutor(max_workers=1) as ahead:
        coming = ahead.submit(_lines_of, hospital, range(min(PATIENTS_A_COPY, patients)))
        while done < patients:
            lines = coming.result()
            done = min(done + PATIENTS_A_COPY, patients)
            coming = ahead.submit(_lines_of, hospital, range(done, min(done + PATIENTS_A_COPY, patients)))
            for table in PATIENT_TABLES:
                _copy_lines(connection, table, lines[table])
            on_progress(done)
    connection.execute((HERE / "indexes.sql").read_bytes())
    for table in TABLES:
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(table)))


def _copy(connection: psycopg.Connection, table: str, rows: Iterable[Row]) -> None:
    _copy_lines(connection, table, "".join(map(_line, rows)))


def _copy_lines(connection: psycopg.Connection, table: str, lines: str) -> None:
    statement = sql.SQL("copy {} from stdin").format(sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(lines)


def _lines_of(hospital: Hospital, numbers: range) -> dict[str, str]:
    everyone = [hospital.patient(number) for number in numbers]
    return {table: "".join(_line(row) for rows in everyone for row in rows[table]) for table in PATIENT_TABLES}


def _line(row: Row) -> str:
    # No cell of ours holds a tab, a line's end or a backslash, so none is escaped: twice as fast as write_row.
    return "\t".join(["\\N" if cell is None else str(cell) for cell in row]) + "\n"


def _lab_item(number: int, item: terms.LabItem) -> Row:
    return number + 1, item.itemid, item.label, item.fluid, item.category, item.loinc


def _count(connection: psycopg.Connection, tables: Sequence[str] = TABLES) -> dict[str, int]:
    counts = {}
    for table in tables:
        row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
        assert row is not None
        counts[table] = row[0]
    return counts
