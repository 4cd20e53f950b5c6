"""The source database on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from command.demo.database import TABLES, NotOurs, create_source

pytestmark = pytest.mark.stack


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """An empty database of its own."""
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute("drop database if exists demo_source")
        admin.execute("create database demo_source")
        yield urlunsplit(urlsplit(postgres)._replace(path="/demo_source"))
        admin.execute("drop database demo_source with (force)")


def test_a_database_is_made_once(database: str) -> None:
    told: list[int] = []
    first = create_source(database, patients=30, on_progress=told.append)
    again = create_source(database, patients=30)
    assert (first.made, again.made) == (True, False)
    assert first.rows == again.rows
    assert tuple(first.rows) == TABLES
    assert first.rows["patients"] == 30
    assert told == [30]


def test_a_larger_hospital_has_the_patients_of_the_smaller(database: str) -> None:
    create_source(database, patients=30)
    with psycopg.connect(database) as connection:
        before = connection.execute("select * from diagnoses_icd order by row_id").fetchall()
    create_source(database, patients=60)
    with psycopg.connect(database) as connection:
        after = connection.execute("select * from diagnoses_icd order by row_id").fetchall()
    assert after[: len(before)] == before
    assert len(after) > len(before)


def test_tables_that_the_demo_did_not_make_stay(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("create table patients (subject_id int); insert into patients values (1)")
    with pytest.raises(NotOurs, match='has a table "patients" that the demo did not make'):
        create_source(database, patients=30)
    with psycopg.connect(database) as connection:
        assert connection.execute("select count(*) from patients").fetchone() == (1,)


@pytest.mark.parametrize("patients", [0, 19, 1_000_001])
def test_a_number_of_patients_out_of_range_is_refused(database: str, patients: int) -> None:
    with pytest.raises(ValueError, match="is not between 20 and 1,000,000"):
        create_source(database, patients=patients)
