"""How the live rows of a resource are read: off the row itself, or by its key, whole, from the source."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from extractor.catalogue import ColumnType, selected, tables_of, type_of
from extractor.live.bindings import Binding
from extractor.live.columns import KNOWN, as_read
from extractor.live.connect_values import Stripped
from extractor.live.filters import Judge, judge
from extractor.live.rows import Row
from extractor.query import Query
from extractor.rows import Grouping
from extractor.source import Sources
from mapping.identity import BadKey, canonical_key
from mapping.model import Column, ResourceMapping
from mapping.model import Mapping as ModelMapping
from pipeline.errors import InvalidRecord
from pipeline.events import Value
from pipeline.topics import RECORD_LIMIT

_PLANS: Final = 256
_SHOWN: Final = 30  # names of fields told in a sentence
_UNAVAILABLE: Final = "__debezium_unavailable_value"  # stands for a long value that an update left as it was


@dataclass(frozen=True, slots=True)
class Lookup:
    """How a key is fetched from the source."""

    query: Query
    grouping: Grouping


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of one binding become records.

    `sql` are the types of the columns by their alias, of a source with a catalogue. `suffices`: what the mapping wants
    stands in the row, one to a key. `lookup` is None without a database.
    """

    resource: ResourceMapping
    key_field: str
    columns: Sequence[Column]
    sql: Mapping[str, str]
    filters: Sequence[tuple[Column, Judge]]
    suffices: bool
    lookup: Lookup | None

    def key(self, row: Row) -> tuple[Value, str]:
        """A row's key as a batch reads it, and its canonical text. Raises InvalidRecord (`missing-key`, `null-key`,
        `bad-key`, `bad-value`)."""
        if self.key_field not in row.fields:
            sentence = f'the row has no field "{self.key_field}", by which its resource is found (has: {_names(row)})'
            hint = ": let Debezium send it, by REPLICA IDENTITY FULL or message.key.columns" if row.deleted else ""
            raise InvalidRecord(sentence + hint, reason="missing-key")
        value = self._value(self.resource.primary_key, row, self.key_field)
        if value is None:
            raise InvalidRecord(f'the field "{self.key_field}", the key, is null', reason="null-key")
        try:
            return value, self.lookup.grouping.canonical(value) if self.lookup else canonical_key(value)
        except BadKey as error:
            raise InvalidRecord(f'the field "{self.key_field}": {error}', reason="bad-key") from None

    def passes(self, row: Row) -> bool:
        """Whether a batch would extract this row."""
        return all(judged(self._value(column, row, column.column)) for column, judged in self.filters)

    def is_whole(self, row: Row) -> bool:
        """Whether no value, nor any digit of one, is left out of the row."""
        values = [row.fields.get(column.column) for column in self.columns]
        return not any(value == _UNAVAILABLE or isinstance(value, Stripped) for value in values)

    def values(self, row: Row) -> dict[str, Sequence[Value]]:
        """A row's values as a batch reads them, by alias. Raises InvalidRecord (`missing-column`, `bad-value`)."""
        return {column.alias: [self._value(column, row, column.column)] for column in self.columns}

    def _value(self, column: Column, row: Row, field: str) -> Value:
        if field not in row.fields:
            sentence = f'the row has no field "{field}", which the mapping reads (has: {_names(row)})'
            raise InvalidRecord(sentence, reason="missing-column")
        if row.fields[field] == _UNAVAILABLE:
            sentence = f'the value of field "{field}" was too long to send, and there is no database to ask'
            raise InvalidRecord(sentence, reason="no-database")
        return as_read(row.fields[field], self.sql.get(column.alias), column=f"{column.table}.{column.column}")


class Plans:
    """Plans, made when first asked for. One thread at a time."""

    def __init__(self, *, sources: Sources, mapping_of: Callable[[str], ModelMapping]) -> None:
        self._sources = sources
        self._mapping_of = mapping_of
        self._kept: OrderedDict[Binding, Plan] = OrderedDict()

    def of(self, binding: Binding) -> Plan:
        """The plan of a binding. Raises InvalidRecord where there can be none, Unavailable, Misconfigured."""
        if binding not in self._kept:
            self._kept[binding] = self._made(binding)
            if len(self._kept) > _PLANS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(binding)
        return self._kept[binding]

    def _made(self, binding: Binding) -> Plan:
        mapping = self._mapping_of(binding.mapping_hash)
        resource = mapping.resource(binding.resource_id)
        if resource is None:
            raise InvalidRecord("the mapping has no such resource any more", reason="unknown-resource")
        if binding.login_changed_at is None:
            return _without_database(binding, resource)
        database = self._sources.database(binding.source_id, fresh=True)
        catalogue = database.catalogue(tables_of(resource))
        query = Query(resource, catalogue, database.dialect)
        types = {one.alias: type_of(one, catalogue) for one in _read(resource)}
        judges = _judges(resource, {alias: one.sql for alias, one in types.items()})
        return Plan(
            resource=resource,
            key_field=binding.key or resource.primary_key.column,
            columns=query.columns,
            sql={alias: one.sql for alias, one in types.items()},
            filters=judges or (),
            suffices=judges is not None and not _joins(resource) and _is_told_by_a_row(types, query),
            lookup=Lookup(query, Grouping(query.types, limit=RECORD_LIMIT)),
        )


def _without_database(binding: Binding, resource: ResourceMapping) -> Plan:
    judges = _judges(resource, {})
    if _joins(resource) or judges is None:
        sentence = (
            f'source "{binding.source_id}": the mapping takes more than a row tells, and there is no database to ask: '
            "set the source's credential"
        )
        raise InvalidRecord(sentence, reason="no-database")
    return Plan(
        resource=resource,
        key_field=binding.key or resource.primary_key.column,
        columns=selected(resource),
        sql={},
        filters=judges,
        suffices=True,
        lookup=None,
    )


def _is_told_by_a_row(types: Mapping[str, ColumnType], query: Query) -> bool:
    """Whether one row is all that there is of a key, and its values can be told from what connectors send."""
    return query.key_type.unique and all(one.sql in KNOWN for one in types.values())


def _joins(resource: ResourceMapping) -> bool:
    return any(column.joins for column in _read(resource))


def _read(resource: ResourceMapping) -> Iterable[Column]:
    """Every column that the mapping reads, its filters' included."""
    return (*selected(resource), *(one.column for one in resource.filters))


def _judges(resource: ResourceMapping, sql: Mapping[str, str]) -> Sequence[tuple[Column, Judge]] | None:
    """None where only the database can judge."""
    judges = [(one.column, judge(one, sql.get(one.column.alias))) for one in resource.filters]
    sure = [(column, judged) for column, judged in judges if judged is not None]
    return sure if len(sure) == len(judges) else None


def _names(row: Row) -> str:
    names = list(row.fields)
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
