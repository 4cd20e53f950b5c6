"""What every source keeps to: PostgreSQL, the one in memory that tests use, and that of the example package."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from extractor.catalogue import tables_of
from extractor.connectors import connectors
from extractor.login import Login
from extractor.query import Query, Range
from extractor.settings import SourceSettings
from extractor.source import BadData, Database
from mapping.credential import Credential
from pipeline.events import Value
from tests.extending.installing import EXAMPLE, entry_points_of, installing
from tests.extractor.conftest import SourceDatabase
from tests.extractor.memory import MemoryDatabase, mapping

ROWS = [(3, "c"), (1, "a"), (2, None), (1, "b"), (None, "x"), (None, "y"), (10, "d")]
RESOURCE = mapping().resources[0]


@pytest.fixture(params=["memory", "package", pytest.param("postgres", marks=pytest.mark.stack)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "memory":
        yield MemoryDatabase(ROWS)
        return
    if request.param == "package":
        with installing(tmp_path / "site", "firth-example", entry_points_of(EXAMPLE), code=EXAMPLE):
            yield from _of_the_package(tmp_path / "people.db")
        return
    source: SourceDatabase = request.getfixturevalue("source")
    source.make("CREATE TABLE people (id bigint, name text)")
    for row in ROWS:
        source.admin.execute("INSERT INTO people VALUES (%s, %s)", row)
    sources = source.sources()
    yield sources.database("source", fresh=True)
    sources.close()


def _of_the_package(file: Path) -> Iterator[Database]:
    """A file of SQLite, by the example of a package that adds a database."""
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE people (id INTEGER, name TEXT)")
        connection.executemany("INSERT INTO people VALUES (?, ?)", ROWS)
    connection.close()
    credential = Credential("SQLITE", "here", 1, str(file), "nobody")
    database = connectors()["SQLITE"](Login("source", credential, None, SourceSettings()))
    yield database
    database.close()


@pytest.fixture
def query(database: Database) -> Query:
    return Query(RESOURCE, database.catalogue(tables_of(RESOURCE)), database.dialect)


@pytest.mark.parametrize(
    ("wanted", "limit", "expected"),
    [
        (Range(), 100, [1, 2, 3, 10]),
        (Range(), 2, [1, 2]),
        (Range(after=1), 100, [2, 3, 10]),
        (Range(after=2, upto=3), 100, [3]),
        (Range(among=["10", 1, "77"]), 100, [1, 10]),
        (Range(after=1, among=["1", "2"]), 100, [2]),
        (Range(among=[]), 100, []),
    ],
)
def test_keys_are_distinct_in_order_and_within_the_range(
    database: Database, query: Query, wanted: Range, limit: int, expected: list[Value]
) -> None:
    with database.snapshot() as snapshot:
        assert snapshot.keys(query, wanted, limit=limit) == expected


def test_rows_of_a_key_come_together_and_keys_in_order(database: Database, query: Query) -> None:
    with database.snapshot() as snapshot:
        rows = list(snapshot.rows(query, Range(upto=3)))
    assert [row[0] for row in rows] == [1, 1, 2, 3]
    assert sorted(map(repr, rows)) == ["(1, 'a')", "(1, 'b')", "(2, None)", "(3, 'c')"]


def test_rows_can_be_left_before_their_end_and_the_next_snapshot_works(database: Database, query: Query) -> None:
    with database.snapshot() as snapshot:
        rows = snapshot.rows(query, Range())
        assert next(rows)[0] == 1
        rows.close()
    with database.snapshot() as snapshot:
        assert snapshot.keys(query, Range(), limit=1) == [1]


def test_rows_without_a_key_are_counted(database: Database, query: Query) -> None:
    with database.snapshot() as snapshot:
        assert snapshot.rows_without_key(query) == 2


def test_a_key_that_the_column_cannot_have_is_bad_data_and_the_next_snapshot_works(
    database: Database, query: Query
) -> None:
    with pytest.raises(BadData), database.snapshot() as snapshot:
        snapshot.keys(query, Range(among=["1 OR 1=1"]), limit=1)
    with database.snapshot() as snapshot:
        assert snapshot.keys(query, Range(), limit=1) == [1]


def test_a_table_that_is_not_there_is_not_in_the_catalogue(database: Database) -> None:
    found = database.catalogue([(None, "people"), (None, "nothing")])
    assert list(found) == [(None, "people")]
    assert list(found[None, "people"].columns) == ["id", "name"]
