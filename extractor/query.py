"""A resource's mapping as SQL: which keys come next, and the joined rows of a range of keys.

Built with SQLAlchemy Core from the mapping and the database's catalogue, never from text: identifiers are
quoted, and values (of filters, of keys) are bound. What databases do differently is their `extractor.dialect`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnClause, Text, and_, cast, column, func, literal_column, select, table
from sqlalchemy.sql import ColumnElement, FromClause, Select
from sqlalchemy.sql.elements import quoted_name

from extractor.catalogue import Catalogue, ColumnType, selected, table_of, type_of
from extractor.dialect import Dialect
from mapping.model import Column, Filter, Join, ResourceMapping, TableColumn, same_table
from pipeline.errors import InvalidRecord
from pipeline.events import Value

TEXT = ColumnType("text")


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with named places for its parameters, in the form of the dialect's driver."""

    sql: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Range:
    """Which keys: over `after` (from the start when None), up to `upto` (to the end when None), and only
    those in `among` when it is not None."""

    after: Value = None
    upto: Value = None
    among: Sequence[Value] | None = None


class Query:
    """The statements of one resource, over one database. Compiled anew for each chunk, in under 1 ms.

    Raises InvalidRecord (`unknown-table`, `unknown-column`, `unconnected-join`) when it is made.
    """

    def __init__(self, resource: ResourceMapping, catalogue: Catalogue, dialect: Dialect) -> None:
        self._dialect = dialect
        self.columns = selected(resource)
        self.key_type = type_of(resource.primary_key, catalogue)
        self.types = tuple(type_of(one, catalogue) for one in self.columns)
        self._sources = _Sources(resource.primary_key, catalogue)
        self._key = self._comparable(self._sources.column(resource.primary_key))
        self._filters = [_filter(one, self._sources, catalogue, dialect) for one in resource.filters]
        # Of the filters alone: a join that only fetches values must not be in the way of finding the keys.
        self._filtered = self._sources.joined
        # Named by us: SQLAlchemy would make a name of the column's where two have the same.
        self._selected = [self._sources.column(one).label(f"c{at}") for at, one in enumerate(self.columns)]

    def keys(self, keys: Range, *, limit: int) -> Statement:
        """The next distinct keys, in order, null excluded: rows of one value."""
        found = select(self._key.label("key")).distinct().select_from(self._filtered)
        found = found.where(*self._filters, self._key.is_not(None), *self._in(keys))
        return _statement(found.order_by(literal_column("key")).limit(limit), self._dialect)

    def rows(self, keys: Range) -> Statement:
        """The joined rows of the keys in the range, those of one key together: `columns`, the key first."""
        order = [self._key]
        if not self.key_type.exact:
            # Equal for the database, and yet two texts ("1 day", "24 hours"): keep the rows of each together.
            order.append(cast(self._key, Text()))
        found = select(*self._selected).select_from(self._sources.joined)
        found = found.where(*self._filters, self._key.is_not(None), *self._in(keys))
        return _statement(found.order_by(*order), self._dialect)

    def without_key(self) -> Statement:
        """How many rows have no key at all: one row of one number."""
        found = select(func.count()).select_from(self._filtered)
        return _statement(found.where(*self._filters, self._key.is_(None)), self._dialect)

    def _comparable(self, key: ColumnElement[Any]) -> ColumnElement[Any]:
        """The key as it is compared. The database's own order, so that its index serves; but where that takes
        different texts for equal (citext, collations that are not deterministic), byte by byte."""
        return self._dialect.bytewise(key) if self.key_type.folded else key

    def _in(self, keys: Range) -> Iterable[ColumnElement[bool]]:
        type_ = TEXT if self.key_type.folded else self.key_type
        if keys.after is not None:
            yield self._key > self._dialect.key("after", keys.after, type_)
        if keys.upto is not None:
            yield self._key <= self._dialect.key("upto", keys.upto, type_)
        if keys.among is not None:
            yield self._dialect.among(self._key, keys.among, type_)


def as_text(key: Value) -> str:
    """A key as text that casts back to exactly this key in its column's type."""
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, bytes):
        return "\\x" + key.hex()
    return repr(key) if isinstance(key, float) else str(key)


class _Sources:
    """The primary key's table, and each joined table once per chain of joins that leads to it."""

    def __init__(self, primary_key: Column, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._chains: dict[tuple[Join, ...], FromClause] = {}
        self._chains[()] = self._alias(primary_key)
        self._tables: dict[tuple[Join, ...], Column | TableColumn] = {(): primary_key}
        self.joined: FromClause = self._chains[()]

    def column(self, wanted: Column) -> ColumnElement[Any]:
        """The column of the table that its joins lead to, joining what is not joined yet."""
        for length in range(1, len(wanted.joins) + 1):
            chain = wanted.joins[:length]
            if chain not in self._chains:
                self._join(chain)
        if not same_table(self._tables[wanted.joins], wanted):
            raise InvalidRecord(f'no join leads to table "{wanted.table}"', reason="unconnected-join")
        return self._column(self._chains[wanted.joins], wanted)

    def _join(self, chain: tuple[Join, ...]) -> None:
        left, right = chain[-1].left, chain[-1].right
        # The table joined last comes first: in a chain over one table twice, a column is of its later turn.
        reached = (chain[:length] for length in range(len(chain) - 1, -1, -1))
        origin = next((one for one in reached if same_table(self._tables[one], left)), None)
        if origin is None:
            raise InvalidRecord(f'no join leads to table "{left.table}"', reason="unconnected-join")
        alias = self._alias(right)
        on = self._column(self._chains[origin], left) == self._column(alias, right)
        self.joined = self.joined.outerjoin(alias, on)
        self._chains[chain], self._tables[chain] = alias, right

    def _alias(self, wanted: Column | TableColumn) -> FromClause:
        found = table_of(wanted, self._catalogue)
        columns: list[ColumnClause[Any]] = [column(quoted_name(name, quote=True)) for name in found.columns]
        name, schema = quoted_name(found.name, quote=True), quoted_name(found.schema, quote=True)
        return table(name, *columns, schema=schema).alias(f"t{len(self._chains)}")

    def _column(self, source: FromClause, wanted: Column | TableColumn) -> ColumnElement[Any]:
        type_of(wanted, self._catalogue)
        return source.c[wanted.column]


def _filter(one: Filter, sources: _Sources, catalogue: Catalogue, dialect: Dialect) -> ColumnElement[bool]:
    left = sources.column(one.column)
    type_ = type_of(one.column, catalogue)
    if one.relation == "LIKE":
        return cast(left, Text()).like(dialect.text(one.value, TEXT))
    values = [dialect.text(value, type_) for value in one.values]
    if one.relation == "IN":
        return left.in_(values)
    if one.relation == "BETWEEN":
        if len(values) != 2:
            raise InvalidRecord("a filter with BETWEEN takes two values", reason="bad-filter")
        return and_(left >= values[0], left <= values[1])
    compared: ColumnElement[bool] = left.op(_OPERATORS[one.relation], is_comparison=True)(values[0])
    return compared


# The only operators that can get into a query: a relation that is none of these has no entry here.
_OPERATORS: Mapping[str, str] = {relation: relation for relation in ("<", "<=", "<>", "=", ">", ">=")}


def _statement(found: Select[Any], dialect: Dialect) -> Statement:
    compiled = found.compile(dialect=dialect.sqlalchemy)
    return Statement(sql=str(compiled), parameters=compiled.params)
