"""What the extractor knows of a source's tables: their columns and types, as the database's catalogue says.

A mapping names tables and columns; whatever the catalogue does not list never gets into a query.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from mapping.model import Column, ResourceMapping, TableColumn
from pipeline.errors import InvalidRecord

SHOWN = 30  # column names told in a sentence

TableName: TypeAlias = tuple[str | None, str]
"""Schema, or None where the database's search path finds the table, and table."""


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A column's type. `sql` is its name as SQL writes it, quoted by the database where it has to be.

    `folded` is a text type whose comparison takes different texts for equal (citext, a collation that is not
    deterministic). `exact` is false for other types where equal values may be written in several ways
    (interval). `wide` values may be long. `unique`: the database sees to it that no two rows have the same value.
    """

    sql: str
    nullable: bool = True
    folded: bool = False
    exact: bool = True
    wide: bool = False
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table, view or foreign table that the login may see, with its columns in their order."""

    schema: str
    name: str
    columns: Mapping[str, ColumnType]


Catalogue: TypeAlias = Mapping[TableName, Table]


def tables_of(resource: ResourceMapping) -> frozenset[TableName]:
    """Every table that the mapping of a resource names."""
    return frozenset((one.owner, one.table) for one in _named(resource))


def type_of(column: Column | TableColumn, catalogue: Catalogue) -> ColumnType:
    """The type of a column. Raises InvalidRecord (`unknown-table`, `unknown-column`) naming it."""
    table = table_of(column, catalogue)
    found = table.columns.get(column.column)
    if found is None:
        names = ", ".join(list(table.columns)[:SHOWN]) + (", …" if len(table.columns) > SHOWN else "")
        sentence = f'column "{column.column}" is not in table "{table.schema}.{table.name}" (has: {names})'
        raise InvalidRecord(sentence, reason="unknown-column")
    return found


def table_of(column: Column | TableColumn, catalogue: Catalogue) -> Table:
    """The table of a column. Raises InvalidRecord (`unknown-table`)."""
    found = catalogue.get((column.owner, column.table))
    if found is None:
        where = "the search path" if column.owner is None else f'schema "{column.owner}"'
        sentence = f'table "{column.table}" is not in {where} of the source, or not for its login to see'
        raise InvalidRecord(sentence, reason="unknown-table")
    return found


def selected(resource: ResourceMapping) -> tuple[Column, ...]:
    """Every column whose values travel, once each: the primary key first, then in the mapping's order."""
    found = {resource.primary_key.alias: resource.primary_key}
    for attribute in resource.attributes:
        for group in attribute.input_groups:
            for column in (*(one.column for one in group.inputs), *(one.column for one in group.conditions)):
                if column is not None:
                    found.setdefault(column.alias, column)
    return tuple(found.values())


def _named(resource: ResourceMapping) -> Iterable[Column | TableColumn]:
    for column in (*selected(resource), *(one.column for one in resource.filters)):
        for join in column.joins:
            yield from (join.left, join.right)
        yield column
