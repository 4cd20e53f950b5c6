"""A source in memory: one table without joins, for tests of what a chunk comes to.

It keeps the contract of `extractor.source`, and `test_source_contract.py` holds it to that beside PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from extractor.catalogue import Catalogue, ColumnType, Table, TableName
from extractor.dialect import Dialect
from extractor.postgres_dialect import POSTGRES
from extractor.query import Query, Range
from extractor.rows import Row
from extractor.source import BadData
from mapping.model import Attribute, Column, Input, InputGroup, Mapping, ResourceMapping, Source
from pipeline.errors import InvalidRecord
from pipeline.events import Value

AS_OF = 1_700_000_000_000


@dataclass
class MemoryDatabase:
    """Rows of columns `id` (a bigint, `unique` or not) and `name` (a text). `bad` are keys whose rows cannot be handed
    over; `failures` are raised, one a snapshot, before any is given; `unseen` are transactions that nobody sees yet."""

    table: Sequence[Row]
    bad: Collection[Value] = ()
    failures: list[Exception] = field(default_factory=list)
    snapshots: int = 0
    asked: list[int] = field(default_factory=list)
    as_of: int = AS_OF
    is_open: bool = True
    unique: bool = False
    unseen: Collection[int] = ()
    dialect: Dialect = POSTGRES

    def close(self) -> None:
        """Nothing to let go."""

    @contextmanager
    def snapshot(self) -> Iterator[MemoryDatabase]:
        self.snapshots += 1
        if self.failures:
            raise self.failures.pop(0)
        yield self

    def catalogue(self, tables: Collection[TableName]) -> Catalogue:
        columns = {"id": ColumnType("bigint", unique=self.unique), "name": ColumnType("text", wide=True)}
        return {key: Table("public", "people", columns) for key in tables if key[1] == "people"}

    def keys(self, query: Query, wanted: Range, *, limit: int) -> list[Value]:
        self.asked.append(limit)
        return sorted({row[0] for row in self.table if _within(row[0], wanted)})[:limit]

    def rows(self, query: Query, wanted: Range) -> Generator[Row, None, None]:
        for row in sorted((one for one in self.table if _within(one[0], wanted)), key=lambda one: one[0]):
            if row[0] in self.bad:
                raise BadData("a value that cannot be had", reason="bad-value")
            yield row

    def rows_without_key(self, query: Query) -> int:
        return sum(row[0] is None for row in self.table)

    def sees(self, transaction: int) -> bool:
        return transaction not in self.unseen


@dataclass
class OneSource:
    """Sources that are all the same database."""

    only: MemoryDatabase
    fresh: list[bool] = field(default_factory=list)

    def database(self, source_id: str, *, fresh: bool) -> MemoryDatabase:
        self.fresh.append(fresh)
        return self.only


def mapping(*columns: str, key: str = "id", table: str = "people") -> Mapping:
    """The mapping of a table's columns to something."""
    inputs = tuple(Input(column=Column(table, name)) for name in columns or ("name",))
    people = ResourceMapping(
        id="people",
        label="people",
        resource_type="Patient",
        profile=None,
        logical_reference="b8efd322-3e38-4072-9c68-e62e15d84d04",
        primary_key=Column(table, key),
        filters=(),
        attributes=(Attribute("name[0].family", "string", (InputGroup(inputs),)),),
    )
    return Mapping(source=Source("source", "source"), resources=(people,))


def _within(key: int | None, wanted: Range) -> bool:
    if key is None:
        return False
    if wanted.among is not None and not all(str(one).lstrip("-").isdigit() for one in wanted.among):
        raise BadData("not a number", reason="bad-value")
    return (
        (wanted.after is None or key > _number(wanted.after))
        and (wanted.upto is None or key <= _number(wanted.upto))
        and (wanted.among is None or key in map(_number, wanted.among))
    )


def _number(key: Value) -> int:
    return int(str(key))


def unknown(_: str) -> Mapping:
    raise InvalidRecord("the api knows no frozen-mappings", reason="unknown-mapping")
