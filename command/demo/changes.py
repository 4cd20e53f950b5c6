"""What happens in the demo's source after it was made: patients come, results are corrected, entries taken back."""

from __future__ import annotations

from random import Random
from typing import Final

import psycopg
from psycopg import sql

from command.demo import terms
from command.demo.database import SEED
from command.demo.hospital import PATIENT_TABLES, Hospital

FIRST_SUBJECT: Final = 10_000  # of patient number 0
REMOVED_FROM: Final = ("labevents", "diagnoses_icd", "prescriptions")  # whose rows nothing refers to


class Changes:
    """Changes of the database behind `connection`, each a transaction, chosen by `seed`. One thread at a time.

    Every method raises psycopg.Error, and IndexError where the source holds no rows.
    """

    def __init__(self, connection: psycopg.Connection, *, seed: int) -> None:
        self._connection = connection
        self._rng = Random(seed)  # noqa: S311 -- nobody is to be kept from guessing them
        self._hospital = Hospital(SEED)

    def admit(self) -> int:
        """A new patient, with all that he leaves in every table; his subject_id. Ids are larger than all before."""
        with self._connection.transaction():
            last: int = self._connection.execute("select max(subject_id) from patients").fetchall()[0][0]
            rows = self._hospital.patient(last + 1 - FIRST_SUBJECT)
            for table in PATIENT_TABLES:
                for row in rows[table]:
                    places = sql.SQL(", ").join([sql.Placeholder()] * len(row))
                    self._connection.execute(
                        sql.SQL("insert into {} values ({})").format(sql.Identifier(table), places), row
                    )
        return last + 1

    def employ(self) -> int:
        """A new caregiver, a single row; the cgid."""
        label = self._rng.choice([label for label in terms.CAREGIVERS if label])
        with self._connection.transaction():
            made = self._connection.execute(
                "insert into caregivers select max(row_id) + 1, max(cgid) + 1, %s, %s from caregivers returning cgid",
                (label, terms.CAREGIVER_DESCRIPTIONS[label]),
            )
            cgid: int = made.fetchall()[0][0]
        return cgid

    def correct(self) -> int:
        """A lab result is another one; its row_id."""
        row_id = self._some("labevents")
        number = round(self._rng.uniform(0.5, 200.0), 1)
        with self._connection.transaction():
            self._connection.execute(
                "update labevents set value = %s, valuenum = %s where row_id = %s", (f"{number:.1f}", number, row_id)
            )
        return row_id

    def remove(self) -> tuple[str, int]:
        """An entry is taken back; its table and row_id."""
        table = self._rng.choice(REMOVED_FROM)
        row_id = self._some(table)
        with self._connection.transaction():
            self._connection.execute(
                sql.SQL("delete from {} where row_id = %s").format(sql.Identifier(table)), (row_id,)
            )
        return table, row_id

    def _some(self, table: str) -> int:
        """The row_id of any row: the first at or after a number between the lowest and the highest."""
        name = sql.Identifier(table)
        ends = self._connection.execute(sql.SQL("select min(row_id), max(row_id) from {}").format(name)).fetchall()[0]
        if ends[0] is None:
            raise IndexError(f"table {table} is empty")
        at = self._rng.randint(*ends)
        found = sql.SQL("select row_id from {} where row_id >= %s order by row_id limit 1").format(name)
        row_id: int = self._connection.execute(found, (at,)).fetchall()[0][0]
        return row_id
