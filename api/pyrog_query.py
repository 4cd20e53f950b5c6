"""The query for a resource with all of its mapping, for whichever version of Pyrog's schema a server has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

# What is asked for, as far as the schema has it: a field's own fields, none where it is a value.
Fields: TypeAlias = Mapping[str, "Fields"]

_TYPE: Final = "kind name ofType {kind name ofType {kind name ofType {kind name}}}"
SCHEMA: Final = (
    "{__schema {queryType {name} "
    f"types {{name fields {{name type {{{_TYPE}}} args {{name type {{{_TYPE}}}}}}}}}}}}}"
)

_NAMES: Final[Fields] = {"name": {}}
_JOINED: Final[Fields] = {"owner": _NAMES, "table": {}, "column": {}}
_COLUMN: Final[Fields] = {**_JOINED, "joins": {"tables": _JOINED}}
_INPUT: Final[Fields] = {"staticValue": {}, "sqlValue": _COLUMN, "script": {}, "conceptMapId": {}}
_CONDITION: Final[Fields] = {"action": {}, "relation": {}, "value": {}, "script": {}, "sqlValue": _COLUMN}
RESOURCE: Final[Fields] = {
    "id": {},
    "label": {},
    "primaryKeyOwner": _NAMES,
    "primaryKeyTable": {},
    "primaryKeyColumn": {},
    "definitionId": {},
    "definition": {"type": {}, "kind": {}, "derivation": {}, "url": {}},
    "logicalReference": {},
    "filters": {"relation": {}, "value": {}, "sqlColumn": _COLUMN},
    "attributes": {
        "path": {},
        "definitionId": {},
        "mergingScript": {},
        "inputs": _INPUT,
        "inputGroups": {
            "mergingScript": {},
            "inputs": _INPUT,
            "conditions": _CONDITION,
        },
    },
    "source": {
        "id": {},
        "name": {},
        "credential": {
            "model": {},
            "host": {},
            "port": {},
            "database": {},
            "owner": {},
            "login": {},
            "password": {},
            "decryptedPassword": {},
            "passwordSecret": {},
        },
    },
    "conceptMaps": {"id": {}, "title": {}, "codes": {"code": {}, "target": {}}},
}

# Of these, what Pyrog 10 does not have: older versions do, or we do.
NOT_IN_10: Final = frozenset(
    {
        "attributes.mergingScript",
        "attributes.inputs",
        "attributes.inputGroups.conditions.script",
        "source.credential.owner",
        "source.credential.password",
        "source.credential.passwordSecret",
        "conceptMaps",
    }
)


def query_for(described: Mapping[str, Any]) -> str:
    """The query for a resource that fits a schema, of which `described` is what `SCHEMA` is answered with.

    Raises KeyError, TypeError or AttributeError where that is no description of a schema.
    """
    return _Schema(described).query()


class _Schema:
    """What a server says of its types."""

    def __init__(self, described: Mapping[str, Any]) -> None:
        schema = described["__schema"]
        self._query_type: str = schema["queryType"]["name"]
        self._types = {
            kind["name"]: {field["name"]: field for field in kind["fields"] or ()} for kind in schema["types"]
        }

    def query(self) -> str:
        """The query for all that we want of a resource, and that this server has."""
        field = self._types[self._query_type]["resource"]
        arguments = {argument["name"]: argument["type"] for argument in field["args"]}
        kind = _written(arguments["resourceId"]) if "resourceId" in arguments else "String!"
        given = "resourceId: $resourceId" if "resourceId" in arguments else "where: {id: $resourceId}"
        fields = self._selected(_named(field["type"]), RESOURCE)
        return f"query resource($resourceId: {kind}) {{resource({given}) {fields}}}"

    def _selected(self, type_name: str, wanted: Fields) -> str:
        there = self._types[type_name]
        chosen = []
        for name, inner in wanted.items():
            kind = _named(there[name]["type"]) if name in there else ""
            is_object = bool(self._types.get(kind))
            # An owner was a text, then an object; a credential's owner is wanted as a text alone.
            if name in there and (inner or not is_object):
                chosen.append(f"{name} {self._selected(kind, inner)}" if is_object else name)
        return f"{{{' '.join(chosen)}}}"


def _newest(wanted: Fields, path: str = "") -> str:
    """The fields of Pyrog 10, for servers that do not describe themselves."""
    chosen = []
    for name, inner in wanted.items():
        if path + name not in NOT_IN_10:
            chosen.append(f"{name} {_newest(inner, f'{path}{name}.')}" if inner else name)
    return f"{{{' '.join(chosen)}}}"


NEWEST: Final = f"query resource($resourceId: ID!) {{resource(resourceId: $resourceId) {_newest(RESOURCE)}}}"


def _named(kind: Mapping[str, Any]) -> str:
    """The name of a type, whatever list or non-null is around it."""
    while kind.get("ofType"):
        kind = kind["ofType"]
    name: str = kind["name"]
    return name


def _written(kind: Mapping[str, Any]) -> str:
    """An argument's type as a query writes it: `ID!`."""
    return f"{_named(kind)}{'!' if kind['kind'] == 'NON_NULL' else ''}"
