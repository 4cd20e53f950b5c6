"""Filters judged on a live row, as the database would judge them."""

from __future__ import annotations

import pytest

from extractor.live.filters import judge
from mapping.model import Column, Filter, FilterRelation
from pipeline.events import Value

COLUMN = Column("prescriptions", "x")


@pytest.mark.parametrize(
    ("relation", "wanted", "sql", "value", "passes"),
    [
        ("IN", "MAIN,ADDITIVE", "character varying", "ADDITIVE", True),
        ("IN", "MAIN,ADDITIVE", "character varying", "BASE", False),
        ("IN", "MAIN,ADDITIVE", "character varying", None, False),
        ("<>", "MAIN", "text", "BASE", True),
        ("<>", "MAIN", "text", None, False),
        ("=", "1.50", "numeric", "1.5", True),
        ("BETWEEN", "1, 10", "integer", 10, True),
        ("BETWEEN", "1, 10", "integer", 11, False),
        ("<", "9", "integer", 10, False),
        (">", "0.5", "double precision", 0.75, True),
        ("LIKE", "MAIN%", "text", "MAIN\nLINE", True),
        ("LIKE", "M_IN", "text", "MAAIN", False),
        ("LIKE", r"50\%", "text", "50%", True),
        ("LIKE", r"50\%", "text", "50x", False),
        ("LIKE", "a.c", "text", "abc", False),
        ("<", "9", None, "10", False),  # of no catalogue: numbers where the filter's own value is one
        ("=", "MAIN", None, "MAIN", True),
    ],
)
def test_a_value_passes_as_in_sql(
    relation: FilterRelation, wanted: str, sql: str | None, value: Value, *, passes: bool
) -> None:
    judged = judge(Filter(COLUMN, relation, wanted), sql)
    assert judged is not None
    assert judged(value) is passes


@pytest.mark.parametrize(
    ("relation", "wanted", "sql"),
    [
        ("<", "MAIN", "text"),  # in the order of a collation
        ("=", "MAIN", "bpchar"),
        ("=", "2150-01-01", "date"),
        ("=", "t", "boolean"),
        ("LIKE", "1%", "integer"),
        ("=", "many", "integer"),
    ],
)
def test_what_only_the_database_can_judge_is_left_to_it(relation: FilterRelation, wanted: str, sql: str) -> None:
    assert judge(Filter(COLUMN, relation, wanted), sql) is None
