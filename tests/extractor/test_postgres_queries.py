"""Joins, filters, names, sizes: what the extractor reads from a real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mapping.model import Column, Filter, Join, TableColumn
from tests.extractor.conftest import SourceDatabase, people

pytestmark = pytest.mark.stack

VISITS = (Join(TableColumn("people", "id"), TableColumn("visits", "person")),)
PEOPLE = "CREATE TABLE people (id bigint PRIMARY KEY, name text)"


def test_joined_rows_of_one_key_are_one_record_sorted_by_every_column(source: SourceDatabase) -> None:
    source.make(
        PEOPLE,
        "CREATE TABLE visits (person int, place text, rank int)",
        "INSERT INTO people VALUES (1, 'Ann'), (2, 'Bob')",
        "INSERT INTO visits VALUES (1, 'b', 2), (1, 'a', 9), (1, NULL, 1), (1, 'a', 1)",
    )
    mapping = people("name", Column("visits", "place", None, VISITS), Column("visits", "rank", None, VISITS))
    ann, bob = source.extract(mapping, keys=1).records
    place, rank = (Column("visits", one, None, VISITS).alias for one in ("place", "rank"))
    assert ann.columns["people_name"] == ["Ann"] * 4
    assert ann.columns[place] == [None, "a", "a", "b"]
    assert ann.columns[rank] == [1, 1, 9, 2]
    assert bob.columns == {"people_id": [2], "people_name": ["Bob"], place: [None], rank: [None]}


@pytest.mark.parametrize(
    ("relation", "value", "expected"),
    [
        ("<", "2020-01-02", ["1"]),
        ("<=", "2020-01-02", ["1", "2"]),
        ("<>", "2020-01-02", ["1", "3"]),
        ("=", "2020-01-02", ["2"]),
        (">", "2020-01-02", ["3"]),
        (">=", "2020-01-02", ["2", "3"]),
        ("IN", "2020-01-01, 2020-01-03", ["1", "3"]),
        ("LIKE", "%-01-03", ["3"]),
        ("BETWEEN", "2020-01-02, 2020-01-09", ["2", "3"]),
    ],
)
def test_each_relation_of_a_filter_compares_in_the_columns_type(
    source: SourceDatabase, relation: str, value: str, expected: list[str]
) -> None:
    source.make(
        "CREATE TABLE people (id int, name text, born date)",
        "INSERT INTO people SELECT n, 'x', date '2019-12-31' + n FROM generate_series(1, 3) n",
        "INSERT INTO people VALUES (4, 'x', NULL)",
    )
    one = Filter(Column("people", "born"), relation, value)  # type: ignore[arg-type]
    made = source.extract(people("name", filters=(one,)), keys=1)
    assert made.primary_keys == expected
    assert made.total == len(expected)


def test_a_filter_on_a_joined_table_chooses_keys_and_rows(source: SourceDatabase) -> None:
    source.make(
        PEOPLE,
        "CREATE TABLE visits (person int, place text)",
        "INSERT INTO people VALUES (1, 'Ann'), (2, 'Bob'), (3, 'Cid')",
        "INSERT INTO visits VALUES (1, 'a'), (1, 'b'), (1, 'a'), (2, 'b')",
    )
    place = Column("visits", "place", None, VISITS)
    made = source.extract(people("name", place, filters=(Filter(place, "=", "a"),)), keys=1)
    assert [one.columns[place.alias] for one in made.records] == [["a", "a"]]
    assert made.total == 1


def test_a_view_in_another_schema_with_a_strange_name_is_extracted(source: SourceDatabase) -> None:
    source.make(PEOPLE, "INSERT INTO people VALUES (1, 'Ann')", 'DROP SCHEMA IF EXISTS "a.b" CASCADE')
    source.admin.execute('CREATE SCHEMA "a.b"')
    source.admin.execute(b'CREATE VIEW "a.b"."x""y %(after)s" AS SELECT id AS "Key;--", name AS "%s" FROM people')
    mapping = people("name")
    table = 'x"y %(after)s'
    resource = replace(people(Column(table, "%s", "a.b")).resources[0], primary_key=Column(table, "Key;--", "a.b"))
    (one,) = source.extract(replace(mapping, resources=(resource,))).records
    assert list(one.columns.values()) == [[1], ["Ann"]]


def test_large_rows_are_extracted_in_small_chunks(source: SourceDatabase) -> None:
    source.make(PEOPLE, "INSERT INTO people SELECT n, repeat('x', 1048576) FROM generate_series(1, 40) n")
    made = source.extract(people("name"))
    assert [len(str(one.columns["people_name"][0])) for one in made.records] == [1_048_576] * 40
    assert made.total == 40
    assert made.chunks >= 3


def test_a_key_with_more_rows_than_a_record_can_hold_is_a_dead_letter(source: SourceDatabase) -> None:
    source.make(
        "CREATE TABLE people (id bigint, name text)",
        "INSERT INTO people SELECT 2, 'x' || n FROM generate_series(1, 600000) n",
        "INSERT INTO people VALUES (1, 'a'), (3, 'b')",
    )
    made = source.extract(people("name"))
    assert made.primary_keys == ["1", "3"]
    assert made.reasons == ["too-large"]
    assert made.total == 3


def test_the_time_of_reading_is_the_sources(source: SourceDatabase) -> None:
    source.make(PEOPLE, "INSERT INTO people VALUES (1, 'a')")
    (one,) = source.extract(people("name")).records
    assert abs(datetime.fromtimestamp(one.as_of / 1000, UTC) - datetime.now(UTC)).total_seconds() < 60
