"""A mapping, in the one form that every stage works with, whatever format it was written in.

Values, frozen and comparable: two mappings that say the same are equal and have the same hash. Readers of
formats (`mapping.formats`) make it; nothing else does. Row mappings only: what is about rows stays here, what
HL7 v2 and JSON mappings will share (paths, scripts, concept maps, conditions, references) are the same
values with another kind of selector in place of `Column`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Literal, TypeAlias

Relation: TypeAlias = Literal["EQ", "NEQ", "LT", "LE", "GE", "GT", "IN", "NULL", "NOTNULL"]
FilterRelation: TypeAlias = Literal["<", "<=", "<>", "=", ">", ">=", "IN", "LIKE", "BETWEEN"]

ALIAS_LENGTH = 63


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table: `owner` is the schema, None where the database's search path finds it."""

    table: str
    column: str
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """A left outer join: `left` is a column already reachable, `right` the column of the table joined."""

    left: TableColumn
    right: TableColumn


@dataclass(frozen=True, slots=True)
class Column:
    """Where a value comes from: a column, and the chain of joins that leads to its table from the
    primary key's. `alias` is the name under which its values travel in an `extract` event."""

    table: str
    column: str
    owner: str | None = None
    joins: tuple[Join, ...] = ()

    @property
    def alias(self) -> str:
        """`table_column`, with a short hash of the join chain where there is one: the same table joined in
        two ways gives two aliases. At most 63 characters (PostgreSQL's limit).

        Columns without joins are all of one table, the primary key's, so that their plain names differ.
        """
        plain = f"{self.table}_{self.column}"
        if not self.joins and len(plain) <= ALIAS_LENGTH:
            return plain
        chain = repr((self.table, self.column, self.owner, self.joins))
        mark = hashlib.sha256(chain.encode()).hexdigest()[:8]
        return f"{plain[: ALIAS_LENGTH - len(mark) - 1]}_{mark}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows of the primary key's table are extracted. `value` is text, as the mapping wrote it."""

    column: Column
    relation: FilterRelation
    value: str

    @property
    def values(self) -> tuple[str, ...]:
        """What the column is compared with: several values for IN, two for BETWEEN, else one."""
        return split_list(self.value) if self.relation in ("IN", "BETWEEN") else (self.value,)


@dataclass(frozen=True, slots=True)
class Condition:
    """When an input group applies. `value` is None for NULL and NOTNULL. What is compared is what the cleaning
    script `script`, where there is one, makes of the column's value."""

    action: Literal["INCLUDE", "EXCLUDE"]
    column: Column
    relation: Relation
    value: str | None
    script: str | None = None

    @property
    def values(self) -> tuple[str, ...]:
        """What the column is compared with: several values for IN, none for NULL and NOTNULL, else one."""
        if self.value is None:
            return ()
        return split_list(self.value) if self.relation == "IN" else (self.value,)


@dataclass(frozen=True, slots=True)
class Input:
    """One source of a value: exactly one of `column` and `static` is set."""

    column: Column | None = None
    static: str | None = None
    script: str | None = None
    concept_map_id: str | None = None


@dataclass(frozen=True, slots=True)
class InputGroup:
    """Inputs that together give one value (merged by `merging_script` where there are several), if all
    `conditions` hold."""

    inputs: tuple[Input, ...]
    merging_script: str | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """One element of the resource: `path` as in `name[0].given[0]`, `type` its FHIR type (`string`).

    The first input group whose conditions hold gives the value. An attribute without input groups only
    announces a complex element and is kept for its type (`subject` is a `Reference`).
    """

    path: str
    type: str
    input_groups: tuple[InputGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class ResourceMapping:
    """How the rows of one table become resources of one type.

    `logical_reference` is the namespace of its ids and what references to it are written with.
    """

    id: str
    label: str
    resource_type: str
    profile: str | None
    logical_reference: str
    primary_key: Column
    filters: tuple[Filter, ...]
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class ConceptMap:
    """Source code to target code. `id` is what inputs refer to.

    `from_server` says that it did not come with the mapping but from the FHIR server, where it is looked at anew
    before a batch freezes the mapping.
    """

    id: str
    title: str
    codes: Dict[str, str]
    from_server: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """The database that a mapping reads. Where and how to log in is not part of a mapping: see
    `mapping.credential`."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """All resources mapped from one source, with the concept maps they use."""

    source: Source
    resources: tuple[ResourceMapping, ...]
    concept_maps: tuple[ConceptMap, ...] = ()

    def resource(self, resource_id: str) -> ResourceMapping | None:
        """The resource of that id; None where the mapping has none."""
        return next((one for one in self.resources if one.id == resource_id), None)


def same_table(one: TableColumn | Column, other: TableColumn | Column) -> bool:
    """Whether both are of the same table; where one does not say the schema, the name alone decides."""
    return one.table == other.table and (one.owner == other.owner or one.owner is None or other.owner is None)


def split_list(value: str) -> tuple[str, ...]:
    """The values of a list that a mapping writes: separated by commas, blanks around them dropped."""
    return tuple(part.strip() for part in value.split(","))
