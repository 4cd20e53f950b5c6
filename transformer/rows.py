"""What is about rows: the columns of an `extract` event as rows of raw values.

Everything after this file works on a row, a tuple with a raw value for each selector of the mapping. Another
kind of input has its own file beside this one, with its selectors (an HL7 v2 field, a place in a JSON event)
and its own sense of what a row is (a repetition of a segment or field, an element of an array).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import TypeAlias

from mapping.model import Column
from pipeline.errors import InvalidRecord
from transformer.values import Value

RawRow: TypeAlias = tuple[Value, ...]
Read: TypeAlias = Callable[[Mapping[str, Sequence[Value]]], Sequence[RawRow]]


def reader(selectors: Sequence[Column]) -> Read:
    """A function from a record's columns to its rows: at least one, with the selectors' values in order.

    It raises InvalidRecord: `missing-column` where a column is not in the record, `unequal-lengths` where one
    has neither as many values as the others nor just one, which then stands in every row.
    """
    aliases = [column.alias for column in selectors]
    if not aliases:
        return lambda _: [()]
    if len(aliases) == 1:
        (alias,) = aliases
        pick: Callable[[Mapping[str, Sequence[Value]]], tuple[Sequence[Value], ...]] = lambda columns: (columns[alias],)  # noqa: E731
    else:
        pick = itemgetter(*aliases)

    def read(columns: Mapping[str, Sequence[Value]]) -> Sequence[RawRow]:
        try:
            values = pick(columns)
        except KeyError as error:
            raise InvalidRecord(f"the record lacks column {error}", reason="missing-column") from None
        try:
            rows = list(zip(*values, strict=True))
        except ValueError:
            rows = spread(values, selectors)
        return rows or [(None,) * len(aliases)]

    return read


def spread(values: Sequence[Sequence[Value]], selectors: Sequence[Column]) -> list[RawRow]:
    """Rows of columns with as many values as the longest, with one, or with none. Raises InvalidRecord."""
    length = max(map(len, values))
    for column, held in zip(selectors, values, strict=True):
        if len(held) not in (0, 1, length):
            sentence = f"column {name(column)} has {len(held)} values where others have {length}"
            raise InvalidRecord(sentence, reason="unequal-lengths")
    even = [held if len(held) == length else (list(held) or [None]) * length for held in values]
    return list(zip(*even, strict=True))


def name(column: Column) -> str:
    """A column as a person knows it: `patients.dob`."""
    return f"{column.table}.{column.column}"
