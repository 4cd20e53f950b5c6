"""Reader of mappings in the shapes that Pyrog exported, versions 7 to 10, and answered by GraphQL. See
docs/mappings.md for the format by example.

    {source, template, resources, version}     an export; or one resource by itself, with its source in it

A document is read by its shape, part by part, and its version is passed over: exports name the wrong one.

    attributes[].inputGroups       each with inputs, conditions, mergingScript (9, 10)
    attributes[].inputs            one group without conditions, its mergingScript beside it (7, 8)
    owner                          {id, name} (9, 10), a text (7), or one in the credential for all columns (8)
    resources[].source             where the document itself does not say its source's id (7)

Filters of the older shape hold SQL literals, whose quotes are no part of the value. Fields that a reader needs
not (ids, dates, comments, slice names) are passed over.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast, get_args

from mapping import concept_maps
from mapping.identity import fallback_reference
from mapping.mistakes import InvalidMapping, Mistake
from mapping.model import (
    Attribute,
    Column,
    Condition,
    Filter,
    FilterRelation,
    Input,
    InputGroup,
    Join,
    Mapping,
    Relation,
    ResourceMapping,
    Source,
    TableColumn,
)
from mapping.reading import Node

FILTER_RELATIONS: tuple[str, ...] = get_args(FilterRelation)
RELATIONS: tuple[str, ...] = get_args(Relation)


def is_resource(document: dict[str, Any]) -> bool:
    """Whether the document is one resource by itself."""
    return "resources" not in document and "primaryKeyTable" in document


def read(document: object) -> Mapping:
    """The mapping that a parsed JSON document says. Raises InvalidMapping with all mistakes of its form.

    What the words mean (elements, scripts, tables that join) is checked by `mapping.check`.
    """
    root = Node(document, [])
    mapping = _mapping(root) if root.is_object() else None
    if mapping is None or root.mistakes:
        raise InvalidMapping(root.mistakes)
    return mapping


def _mapping(root: Node) -> Mapping:
    nodes = [root] if is_resource(root.value) else list(root.field("resources").objects())
    source = _source(root.field("source"), nodes)
    resources = tuple(_resource(node, source) for node in nodes)
    if not is_resource(root.value) and root.value.get("resources") in (None, []):
        root.wrong("there is no resource to map", at="resources")
    maps = tuple(concept_maps.read_all(root.field("conceptMaps")))
    no_duplicates(root, "resources", (one.id for one in resources))
    no_duplicates(root, "conceptMaps", (one.id for one in maps))
    owner = root.field("source").field("credential").field("owner").value
    if isinstance(owner, str) and owner:
        resources = _owned(resources, owner)
    return Mapping(source=source, resources=resources, concept_maps=maps)


def _source(node: Node, resources: list[Node]) -> Source:
    if not node.is_object():
        return Source(id="", name="")
    of_resources = [one.field("source") for one in resources]
    others = [one for one in of_resources if isinstance(one.value, dict) and not one.absent("id")]
    source_id = others[0].text("id") if node.absent("id") and others else node.text("id")
    return Source(id=source_id, name=node.text_or_none("name") or "")


def _resource(node: Node, source: Source) -> ResourceMapping:
    resource_type, profile = _definition(node)
    node = node.called(resource_type)
    resource_id = node.text("id")
    return ResourceMapping(
        id=resource_id,
        label=node.text_or_none("label") or "",
        resource_type=resource_type,
        profile=profile,
        logical_reference=logical_reference(node, fallback_reference(source.id, resource_id)),
        primary_key=Column(
            table=node.text("primaryKeyTable"),
            column=node.text("primaryKeyColumn"),
            owner=_owner(node, "primaryKeyOwner"),
        ),
        filters=tuple(filter(None, (_filter(one, quoted=_is_old(node)) for one in node.field("filters").objects()))),
        attributes=tuple(_attribute(one, resource_type) for one in node.field("attributes").objects()),
    )


def _definition(node: Node) -> tuple[str, str | None]:
    """Resource type and profile: the type stands in `definition`, or is all that `definitionId` says."""
    definition = node.field("definition")
    if definition.value is None:
        return node.text("definitionId"), None
    if not definition.is_object():
        return "", None
    constrained = definition.value.get("derivation") == "constraint"
    return definition.text("type"), definition.text("url") if constrained else None


def _is_old(resource: Node) -> bool:
    """Whether the resource is of the shape without input groups."""
    attributes = resource.value.get("attributes")
    return isinstance(attributes, list) and any(isinstance(one, dict) and "inputs" in one for one in attributes)


def logical_reference(node: Node, fallback: str, *, name: str = "logicalReference") -> str:
    """The uuid in field `name`, or the fallback where there is none."""
    text = node.text_or_none(name)
    if text is None:
        return fallback
    try:
        return str(uuid.UUID(text))
    except ValueError:
        node.wrong(f"{name} must be a uuid", at=name)
        return fallback


def _owner(node: Node, name: str) -> str | None:
    owner = node.field(name)
    if isinstance(owner.value, str):
        return node.text_or_none(name)
    return owner.text_or_none("name") if owner.value is not None and owner.is_object() else None


def _table_column(node: Node) -> TableColumn:
    return TableColumn(table=node.text("table"), column=node.text("column"), owner=_owner(node, "owner"))


def _column(node: Node) -> Column:
    if not node.is_object():
        return Column(table="", column="")
    at = _table_column(node)
    joins = tuple(_join(one) for one in node.field("joins").objects())
    return Column(table=at.table, column=at.column, owner=at.owner, joins=joins)


def _join(node: Node) -> Join:
    tables = [_table_column(one) for one in node.field("tables").objects()]
    if len(tables) != 2:
        node.wrong("a join has two tables: the one already reached, then the one to reach", at="tables")
        return Join(TableColumn("", ""), TableColumn("", ""))
    return Join(left=tables[0], right=tables[1])


def _filter(node: Node, *, quoted: bool) -> Filter | None:
    column = _column(node.field("sqlColumn"))
    return filter_of(node, column, quoted=quoted)


def filter_of(node: Node, column: Column, *, quoted: bool = False) -> Filter | None:
    """A filter on `column`; None, and a mistake, where its relation is none."""
    relation = node.choice("relation", FILTER_RELATIONS)
    value = node.text("value")
    if quoted and len(value) > 1 and value[0] == value[-1] == "'":
        value = value[1:-1].replace("''", "'")
    return Filter(column=column, relation=cast(FilterRelation, relation), value=value) if relation else None


def _attribute(node: Node, resource_type: str) -> Attribute:
    path = node.text("path")
    node = node.called(f"{resource_type}.{path}" if path else resource_type)
    if "inputs" in node.value and "inputGroups" not in node.value:
        group = _input_group(node)
        groups: tuple[InputGroup, ...] = (group,) if group.inputs else ()
    else:
        groups = tuple(_input_group(one) for one in node.field("inputGroups").objects())
    return Attribute(path=path, type=node.text_or_none("definitionId") or "", input_groups=groups)


def _input_group(node: Node) -> InputGroup:
    conditions = (_condition(one) for one in node.field("conditions").objects())
    return InputGroup(
        inputs=tuple(_input(one) for one in node.field("inputs").objects()),
        merging_script=node.text_or_none("mergingScript"),
        conditions=tuple(one for one in conditions if one is not None),
    )


def _input(node: Node) -> Input:
    static = node.text_or_none("staticValue")
    sql = node.field("sqlValue")
    # The editor leaves an emptied column behind as an object without a table.
    column = None if sql.value is None or (isinstance(sql.value, dict) and sql.absent("table")) else _column(sql)
    if static is not None and column is not None:
        node.wrong("has both a staticValue and a sqlValue: one of them must go")
    if node.absent("staticValue") and column is None:
        node.wrong("has neither a staticValue nor a sqlValue")
    return Input(
        column=column,
        static=static,
        script=node.text_or_none("script"),
        concept_map_id=node.text_or_none("conceptMapId"),
    )


def _condition(node: Node) -> Condition | None:
    return condition_of(node, _column(node.field("sqlValue")), script=node.text_or_none("script"))


def condition_of(node: Node, column: Column, *, script: str | None) -> Condition | None:
    """A condition on `column`; None, and a mistake, where its action or relation is none."""
    action = node.choice("action", ("INCLUDE", "EXCLUDE"))
    relation = node.choice("relation", RELATIONS)
    value: str | None = None
    if relation not in ("NULL", "NOTNULL", None):
        value = _condition_value(node)
    if action is None or relation is None:
        return None
    return Condition(
        action="INCLUDE" if action == "INCLUDE" else "EXCLUDE",
        column=column,
        relation=cast(Relation, relation),
        value=value,
        script=script,
    )


def _condition_value(node: Node) -> str | None:
    # Comparing with the empty text is meant: only a null or absent value says nothing.
    if node.value.get("value") == "":
        return ""
    return node.text("value")


def no_duplicates(root: Node, name: str, ids: Iterable[str]) -> None:
    """Note each id that stands twice in the list `name` of the document."""
    seen: set[str] = set()
    for at, one in enumerate(ids):
        if one and one in seen:
            root.mistakes.append(Mistake(path=f"{name}[{at}].id", reason=f'"{one}" is the id of another one, too'))
        seen.add(one)


def _owned(value: Any, owner: str) -> Any:
    """The same with every column that names no owner given this one."""
    if isinstance(value, tuple):
        return tuple(_owned(one, owner) for one in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changed = {one.name: _owned(getattr(value, one.name), owner) for one in fields(value)}
    if isinstance(value, Column | TableColumn):
        changed["owner"] = value.owner or owner
    return replace(value, **changed)
