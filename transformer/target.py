"""The resource to be built, as a tree: what every kind of mapping compiles to, wherever its values come from.

A value is known by its slot, its place in the tuple of values that one row gives. Lists that a mapping spells
out (`name[0]`, `name[1]`) are templates: each gives as many elements as the rows have different values for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

from mapping.paths import Path
from mapping.r4 import Definitions


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that a row gives."""

    number: int


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value that is the same in every resource: JSON, shared by all of them, never changed."""

    value: Any


@dataclass(frozen=True)
class Object:
    """A JSON object: its members in the order in which FHIR lists them.

    It is left out when values of rows belong into it and none came: what is fixed in it only describes them.
    `keep` says that it is there all the same.
    """

    members: Mapping[str, Node]
    keep: bool = False

    @cached_property
    def slots(self) -> tuple[int, ...]:
        """The slots of everything in it."""
        return tuple(slots(self))

    @cached_property
    def own(self) -> tuple[int, ...]:
        """The slots in it that are in no list of its: rows that agree in these are one element of a list."""
        return tuple(slots(self, into_lists=False))


@dataclass(frozen=True)
class Many:
    """A JSON array: one template an index, in their order."""

    templates: tuple[Node, ...]


Node: TypeAlias = Slot | Fixed | Object | Many


def slots(node: Node, *, into_lists: bool = True) -> Iterator[int]:
    """The slots in a node, in order."""
    match node:
        case Slot(number):
            yield number
        case Object(members):
            for member in members.values():
                yield from slots(member, into_lists=into_lists)
        case Many(templates) if into_lists:
            for template in templates:
                yield from slots(template)


def tree(definitions: Definitions, resource_type: str, leaves: Iterable[tuple[Path, Slot | Fixed]]) -> Object:
    """The tree of a resource, from the paths of its leaves: each path once, and known to R4.

    `meta` is kept without any value of a row: where a resource comes from is always said in it.
    """
    root = _object(definitions, resource_type, list(leaves))
    meta = root.members.get("meta")
    return Object({**root.members, "meta": replace(meta, keep=True)}) if isinstance(meta, Object) else root


_Leaves: TypeAlias = list[tuple[Path, Slot | Fixed]]


def _object(definitions: Definitions, type_name: str, leaves: _Leaves) -> Object:
    branches: dict[str, dict[int | None, _Leaves]] = {}
    for path, leaf in leaves:
        branches.setdefault(path[0].name, {}).setdefault(path[0].index, []).append((path[1:], leaf))
    members: dict[str, Node] = {}
    for name, element in definitions.type(type_name).elements.items():
        if name not in branches:
            continue
        nodes = [
            _node(definitions, element.type, entries)
            for _, entries in sorted(branches[name].items(), key=lambda branch: branch[0] or 0)
        ]
        members[name] = Many(tuple(nodes)) if element.is_list else nodes[0]
    return Object(members)


def _node(definitions: Definitions, type_name: str, leaves: _Leaves) -> Node:
    path, leaf = leaves[0]
    return leaf if not path else _object(definitions, type_name, leaves)


def fixed(node: Node) -> Any:
    """The JSON of a node without slots."""
    match node:
        case Fixed(value):
            return value
        case Object(members):
            return {name: fixed(member) for name, member in members.items()}
        case Many(templates):
            values: list[Any] = []
            for template in templates:
                value = fixed(template)
                if value not in values:
                    values.append(value)
            return values
        case Slot():
            raise AssertionError("a slot is not fixed")
