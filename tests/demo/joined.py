"""The rows of a source as the extractor would join them, without a database: what a mapping asks for, and no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from command.demo.tables import Cell, Rows, columns
from extractor.catalogue import selected
from mapping.model import Column, ResourceMapping
from pipeline.events import Value

Table = Sequence[Mapping[str, Value]]


def tables(rows: Rows) -> dict[str, Table]:
    """Rows by table, each row by column, values as an `extract` event carries them."""
    return {
        table: [dict(zip(columns(table), map(_value, row), strict=True)) for row in found]
        for table, found in rows.items()
    }


def records(resource: ResourceMapping, source: Mapping[str, Table]) -> Iterator[tuple[Value, dict[str, list[Value]]]]:
    """Each key of the resource's table with its joined rows, column alias to values. Joins of one step alone."""
    wanted = selected(resource)
    for row in source[resource.primary_key.table]:
        if all(row[one.column.column] in one.values for one in resource.filters):
            joined = _joined(row, wanted, source)
            yield (
                row[resource.primary_key.column],
                {one.alias: [each[one.table, one.column] for each in joined] for one in wanted},
            )


def _joined(
    row: Mapping[str, Value], wanted: Sequence[Column], source: Mapping[str, Table]
) -> list[dict[tuple[str, str], Value]]:
    own = {(one.table, one.column): row[one.column] for one in wanted if not one.joins}
    joins = {one.joins[0] for one in wanted if one.joins}
    result = [own]
    for join in joins:
        there = [one.column for one in wanted if one.joins == (join,)]
        matches = [each for each in source[join.right.table] if each[join.right.column] == row[join.left.column]]
        found = matches or [dict.fromkeys(there)]
        result = [
            {**before, **{(join.right.table, name): each[name] for name in there}}
            for before in result
            for each in found
        ]
    return result


def _value(cell: Cell) -> Value:
    return cell.isoformat() if isinstance(cell, datetime) else cell
