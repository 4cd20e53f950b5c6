"""Joined rows, as they stream in by key, become one group of rows per primary key, in an order of its own.

Pure: no database, no broker. The first value of every row is the primary key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, groupby
from typing import Any, TypeAlias

from extractor.catalogue import ColumnType
from mapping.identity import canonical_key
from pipeline.events import Value

Row: TypeAlias = tuple[Any, ...]

FLOATS = frozenset({"real", "double precision"})


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one key, sorted; None where they are too large to travel."""

    key: Value
    rows: Sequence[Row] | None


class Grouping:
    """How the rows of one query are grouped; `types` are those of its columns.

    A group of more than `limit` characters and bytes is passed over, its rows not kept meanwhile. The size of
    a group of one row is not looked at: it is in memory anyway, and whoever encodes it will see.
    """

    def __init__(self, types: Sequence[ColumnType], *, limit: int) -> None:
        self._limit = limit
        self._key_type = types[0]
        self._wide = tuple(at for at, one in enumerate(types) if one.wide)
        self._narrow = 8 * (len(types) - len(self._wide))
        self._floats = any(one.sql in FLOATS for one in types)

    def __call__(self, rows: Iterable[Row]) -> Iterator[Group]:
        """The groups, in the order in which their keys come; rows of one key must come together."""
        for _, together in groupby(rows, self._same):
            yield self._group(together)

    def canonical(self, key: Value) -> str:
        """The one text of a key (`mapping.identity`): a numeric 12.00 is 12. Raises BadKey."""
        if self._key_type.sql == "numeric" and isinstance(key, str):
            return canonical_key(Decimal(key))
        return canonical_key(key)

    def _same(self, row: Row) -> Any:
        """Equal for rows of one key, as the database sees it."""
        key = row[0]
        if self._key_type.sql == "numeric":
            return Decimal(key) if key != "NaN" else key
        return key if key == key else "NaN"  # noqa: PLR0124 — a double that is not a number isn't equal to itself

    def _group(self, together: Iterator[Row]) -> Group:
        first = next(together)
        second = next(together, None)
        if second is None:
            return Group(key=first[0], rows=(first,))
        kept, size = [first], self._size(first)
        for row in chain((second,), together):
            size += self._size(row)
            if size > self._limit:
                kept.clear()
            else:
                kept.append(row)
        return Group(key=first[0], rows=None if size > self._limit else self._sorted(kept))

    def _sorted(self, rows: list[Row]) -> list[Row]:
        """By every column. Two rows of one patient may come in different order, run to run: lists in the
        resource, and so its version in the store, would change with nothing changed."""
        if self._floats:
            return sorted(rows, key=_order)
        try:
            return sorted(rows)
        except TypeError:  # nulls among values
            return sorted(rows, key=_order)

    def _size(self, row: Row) -> int:
        return self._narrow + sum(len(row[at]) for at in self._wide if row[at] is not None)


def _order(row: Row) -> tuple[tuple[int, Any], ...]:
    return tuple(map(_rank, row))


def _rank(value: Value) -> tuple[int, Any]:
    """Null first, what is not a number next, then values; bytes apart from the text that they are not."""
    if value is None:
        return 0, 0
    if value != value:  # noqa: PLR0124
        return 1, 0
    return (3 if isinstance(value, bytes) else 2), value
