"""The SQL that a mapping becomes: its shape, and that nothing of the mapping is text in it."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.catalogue import Catalogue, ColumnType, Table, TableName
from extractor.postgres_dialect import POSTGRES
from extractor.query import Query, Range, Statement, as_text
from mapping.model import (
    Attribute,
    Column,
    Condition,
    Filter,
    FilterRelation,
    Input,
    InputGroup,
    Join,
    ResourceMapping,
    TableColumn,
)
from pipeline.errors import InvalidRecord
from pipeline.events import Value


def resource(*columns: Column, key: Column, filters: tuple[Filter, ...] = (), conditions: Any = ()) -> ResourceMapping:
    group = InputGroup(tuple(Input(column=one) for one in columns), conditions=tuple(conditions))
    attributes = (Attribute("name[0].family", "string", (group,)),)
    return ResourceMapping("r", "r", "Patient", None, "", key, filters, attributes)


def catalogue(**tables: str) -> Catalogue:
    """`people="id bigint, name text"`, each found by schema or without."""
    made: dict[TableName, Table] = {}
    for name, columns in tables.items():
        types = dict(one.strip().split(" ", 1) for one in columns.split(","))
        table = Table("public", name, {column: ColumnType(sql) for column, sql in types.items()})
        made |= {(None, name): table, ("public", name): table}
    return made


PEOPLE = catalogue(
    people="id bigint, name text, mother bigint, born date", visits="person bigint, place text, kind text"
)
KEY = Column("people", "id")
VISITS = Join(TableColumn("people", "id"), TableColumn("visits", "person"))


def joined(table: str, left: str, right: str) -> Column:
    """A column of `table`, reached by one join."""
    return Column(table, "place", None, (Join(TableColumn(*left.split(".")), TableColumn(*right.split("."))),))


def sql(statement: Statement) -> str:
    return " ".join(statement.sql.split())


def test_keys_are_distinct_ordered_and_bounded_before_any_join_for_values() -> None:
    query = Query(resource(Column("visits", "place", None, (VISITS,)), key=KEY), PEOPLE, POSTGRES)
    assert sql(query.keys(Range(after="5"), limit=10)) == (
        'SELECT DISTINCT t0."id" AS key FROM "public"."people" AS t0'
        ' WHERE t0."id" IS NOT NULL AND t0."id" > CAST(%(after)s::VARCHAR AS bigint)'
        " ORDER BY key LIMIT %(param_1)s::INTEGER"
    )
    assert query.keys(Range(after="5"), limit=10).parameters == {"after": "5", "param_1": 10}


def test_rows_come_by_key_with_left_outer_joins() -> None:
    query = Query(
        resource(Column("people", "name"), Column("visits", "place", None, (VISITS,)), key=KEY), PEOPLE, POSTGRES
    )
    assert sql(query.rows(Range(after="5", upto="9"))) == (
        'SELECT t0."id" AS c0, t0."name" AS c1, t1."place" AS c2 FROM "public"."people" AS t0'
        ' LEFT OUTER JOIN "public"."visits" AS t1 ON t0."id" = t1."person"'
        ' WHERE t0."id" IS NOT NULL'
        ' AND t0."id" > CAST(%(after)s::VARCHAR AS bigint) AND t0."id" <= CAST(%(upto)s::VARCHAR AS bigint)'
        ' ORDER BY t0."id"'
    )
    assert [column.alias for column in query.columns][:2] == ["people_id", "people_name"]


def test_a_table_joined_in_two_ways_is_joined_twice_and_one_chain_once() -> None:
    mother = Join(TableColumn("people", "mother"), TableColumn("people", "id"))
    columns = (
        Column("people", "name", None, (mother,)),
        Column("people", "born", None, (mother,)),
        Column("people", "name", None, (mother, mother)),
        Column("visits", "place", None, (VISITS,)),
        Column("visits", "place", None, (mother, VISITS)),
    )
    text = sql(Query(resource(*columns, key=KEY), PEOPLE, POSTGRES).rows(Range()))
    assert 'AS t1 ON t0."mother" = t1."id"' in text
    assert 'AS t2 ON t1."mother" = t2."id"' in text
    assert 'AS t3 ON t0."id" = t3."person"' in text
    assert 'AS t4 ON t1."id" = t4."person"' in text
    assert text.count("LEFT OUTER JOIN") == 4


def test_columns_of_conditions_travel_too_and_each_column_once() -> None:
    flag = Condition("INCLUDE", Column("people", "mother"), "NOTNULL", None)
    query = Query(
        resource(Column("people", "name"), Column("people", "id"), key=KEY, conditions=[flag]), PEOPLE, POSTGRES
    )
    assert [column.column for column in query.columns] == ["id", "name", "mother"]


@pytest.mark.parametrize(
    ("relation", "value", "expected", "values"),
    [
        ("<", "1", 't0."born" < CAST(%(param_1)s::VARCHAR AS date)', ["1"]),
        ("<=", "1", 't0."born" <= CAST(%(param_1)s::VARCHAR AS date)', ["1"]),
        ("<>", "1", 't0."born" <> CAST(%(param_1)s::VARCHAR AS date)', ["1"]),
        ("=", "1", 't0."born" = CAST(%(param_1)s::VARCHAR AS date)', ["1"]),
        (">", "1", 't0."born" > CAST(%(param_1)s::VARCHAR AS date)', ["1"]),
        (">=", "1", 't0."born" >= CAST(%(param_1)s::VARCHAR AS date)', ["1"]),
        ("IN", "1, 2",
         't0."born" IN (CAST(%(param_1)s::VARCHAR AS date), CAST(%(param_2)s::VARCHAR AS date))', ["1", "2"]),
        ("LIKE", "1%", 'CAST(t0."born" AS TEXT) LIKE CAST(%(param_1)s::VARCHAR AS text)', ["1%"]),
        ("BETWEEN", "1,2",
         't0."born" >= CAST(%(param_1)s::VARCHAR AS date) AND t0."born" <= CAST(%(param_2)s::VARCHAR AS date)',
         ["1", "2"]),
    ],
)  # fmt: skip
def test_each_relation_of_a_filter(relation: FilterRelation, value: str, expected: str, values: list[str]) -> None:
    one = Filter(Column("people", "born"), relation, value)
    query = Query(resource(key=KEY, filters=(one,)), PEOPLE, POSTGRES)
    for statement in (query.keys(Range(), limit=1), query.rows(Range()), query.without_key()):
        assert expected in sql(statement)
        assert [statement.parameters[f"param_{at}"] for at in range(1, len(values) + 1)] == values


def test_a_filter_on_a_joined_table_joins_it_for_the_keys_too() -> None:
    one = Filter(Column("visits", "kind", None, (VISITS,)), "=", "x")
    query = Query(resource(Column("visits", "place", None, (VISITS,)), key=KEY, filters=(one,)), PEOPLE, POSTGRES)
    assert sql(query.keys(Range(), limit=1)).count("LEFT OUTER JOIN") == 1
    assert sql(query.rows(Range())).count("LEFT OUTER JOIN") == 1


def test_a_key_whose_comparison_folds_texts_is_compared_byte_by_byte() -> None:
    folded = Table("public", "people", {"id": ColumnType("citext", folded=True)})
    text = sql(
        Query(resource(key=KEY), {(None, "people"): folded}, POSTGRES).keys(Range(after="a", among=["b"]), limit=1)
    )
    assert 'SELECT DISTINCT CAST(t0."id" AS TEXT) COLLATE "C" AS key' in text
    assert '(CAST(t0."id" AS TEXT) COLLATE "C") > CAST(%(after)s::VARCHAR AS text)' in text
    assert "CAST(%(among)s AS text[])" in text


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ((Column("people", "nope"),), "unknown-column"),
        ((Column("visits", "place"),), "unconnected-join"),
        ((Column("people", "name", None, (VISITS,)),), "unconnected-join"),
        ((joined("visits", "stays.x", "visits.person"),), "unconnected-join"),
        ((joined("stays", "people.id", "stays.x"),), "unknown-table"),
        ((joined("visits", "people.id", "visits.x"),), "unknown-column"),
    ],
)
def test_what_the_catalogue_does_not_have_never_becomes_a_query(columns: tuple[Column, ...], reason: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        Query(resource(*columns, key=KEY), PEOPLE, POSTGRES)
    assert caught.value.reason == reason


NAMES = st.text(min_size=1, max_size=12) | st.sampled_from(
    ['a"b', "a'b", "%(after)s", "%s", "%", ":x", "a;DROP TABLE people", "--", "/*", "\\", "$1",
     'x" AS y, (SELECT 1) AS "z']
)  # fmt: skip


@settings(max_examples=60)
@given(NAMES, NAMES, NAMES, NAMES, st.sampled_from(get_args(FilterRelation)), NAMES, NAMES)
def test_no_string_of_a_mapping_or_trigger_is_text_in_the_query(
    table: str, key: str, name: str, schema: str, relation: FilterRelation, value: str, asked: str
) -> None:
    value = f"{value},{value}" if relation == "BETWEEN" and value.count(",") == 0 else value
    if relation == "BETWEEN" and value.count(",") != 1:
        value = "1,2"
    known = Table(schema, table, {one: ColumnType("text") for one in (key, name)})
    self_join = Join(TableColumn(table, name), TableColumn(table, key))
    filters = (Filter(Column(table, name), relation, value),)
    columns = (Column(table, name), Column(table, name, None, (self_join,)))
    query = Query(resource(*columns, key=Column(table, key), filters=filters), {(None, table): known}, POSTGRES)
    wanted = Range(after=asked, upto=asked, among=[asked])
    for statement in (query.keys(wanted, limit=3), query.rows(wanted), query.without_key()):
        # What is left without quoted names and places for parameters is ours alone.
        bare = re.sub(r'"(?:[^"]|"")*"', "NAME", statement.sql)
        bare = re.sub(r"%\([a-z]+(_\d+)?\)s", "PLACE", bare)
        assert re.fullmatch(r"[A-Za-z0-9_.,()\[\]:=<>*\s]*", bare), bare
        words = set(re.findall(r"[A-Za-z_]+", bare))
        assert words <= ALLOWED, words - ALLOWED
        assert set(re.findall(r"(?<!%)%\(([a-z]+(?:_\d+)?)\)s", re.sub(r'"(?:[^"]|"")*"', "", statement.sql))) == set(
            statement.parameters
        )


ALLOWED = {
    "SELECT", "DISTINCT", "NAME", "AS", "key", "FROM", "t", "LEFT", "OUTER", "JOIN", "ON", "WHERE", "AND", "IS", "NOT",
    "NULL", "CAST", "PLACE", "VARCHAR", "text", "TEXT", "LIKE", "IN", "any", "ORDER", "BY", "LIMIT", "INTEGER", "count",
    "count_", "c",
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "text"),
    [(1, "1"), (True, "true"), (0.1, "0.1"), (1e300, "1e+300"), (b"\x00\xff", "\\x00ff"), ("a'b", "a'b")],
)
def test_a_key_is_bound_as_text_that_casts_back(key: Value, text: str) -> None:
    assert as_text(key) == text
