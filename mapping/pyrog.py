"""Reader of mappings as Pyrog exports them, version 10. See docs/mappings.md for the format by example.

`{source, template, resources, version}`, with the concept maps that inputs name under `conceptMaps`: a
list of `{id, title, codes}`, or of FHIR ConceptMap resources, or a Bundle of these. Fields that a reader
needs not (ids, dates, comments, slice names) are passed over.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import cast, get_args

from mapping.identity import fallback_reference
from mapping.mistakes import InvalidMapping, Mistake
from mapping.model import (
    Attribute,
    Column,
    ConceptMap,
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

VERSION = 10
FILTER_RELATIONS: tuple[str, ...] = get_args(FilterRelation)
RELATIONS: tuple[str, ...] = get_args(Relation)


def read(document: object) -> Mapping:
    """The mapping that a parsed JSON document says. Raises InvalidMapping with all mistakes of its form.

    What the words mean (elements, scripts, tables that join) is checked by `mapping.check`.
    """
    root = Node(document, [])
    mapping = _mapping(root) if root.is_object() and _has_version(root) else None
    if mapping is None or root.mistakes:
        raise InvalidMapping(root.mistakes)
    return mapping


def _has_version(root: Node) -> bool:
    version = root.value.get("version")
    if version == VERSION and not isinstance(version, bool):
        return True
    said = f"is {version}" if isinstance(version, int | float | str) else "is missing"
    root.wrong(f"{said}: only Pyrog's version {VERSION} can be read; export the mapping anew", at="version")
    return False


def _mapping(root: Node) -> Mapping:
    source = _source(root.field("source"))
    resources = tuple(_resource(node, source) for node in root.field("resources").objects())
    if root.value.get("resources") in (None, []):
        root.wrong("there is no resource to map", at="resources")
    concept_maps = tuple(_concept_map(node) for node in _concept_map_nodes(root.field("conceptMaps")))
    _no_duplicates(root, "resources", (one.id for one in resources))
    _no_duplicates(root, "conceptMaps", (one.id for one in concept_maps))
    return Mapping(source=source, resources=resources, concept_maps=concept_maps)


def _source(node: Node) -> Source:
    if not node.is_object():
        return Source(id="", name="")
    return Source(id=node.text("id"), name=node.text_or_none("name") or "")


def _resource(node: Node, source: Source) -> ResourceMapping:
    resource_type, profile = _definition(node)
    node = node.called(resource_type)
    resource_id = node.text("id")
    return ResourceMapping(
        id=resource_id,
        label=node.text_or_none("label") or "",
        resource_type=resource_type,
        profile=profile,
        logical_reference=_logical_reference(node, fallback_reference(source.id, resource_id)),
        primary_key=Column(
            table=node.text("primaryKeyTable"),
            column=node.text("primaryKeyColumn"),
            owner=_owner(node, "primaryKeyOwner"),
        ),
        filters=tuple(filter(None, (_filter(one) for one in node.field("filters").objects()))),
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


def _logical_reference(node: Node, fallback: str) -> str:
    text = node.text_or_none("logicalReference")
    if text is None:
        return fallback
    try:
        return str(uuid.UUID(text))
    except ValueError:
        node.wrong("logicalReference must be a uuid", at="logicalReference")
        return fallback


def _owner(node: Node, name: str) -> str | None:
    owner = node.field(name)
    return owner.text_or_none("name") if owner.value not in (None, "") and owner.is_object() else None


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


def _filter(node: Node) -> Filter | None:
    relation = node.choice("relation", FILTER_RELATIONS)
    column = _column(node.field("sqlColumn"))
    value = node.text("value")
    return Filter(column=column, relation=cast(FilterRelation, relation), value=value) if relation else None


def _attribute(node: Node, resource_type: str) -> Attribute:
    path = node.text("path")
    node = node.called(f"{resource_type}.{path}" if path else resource_type)
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
    action = node.choice("action", ("INCLUDE", "EXCLUDE"))
    relation = node.choice("relation", RELATIONS)
    column = _column(node.field("sqlValue"))
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
    )


def _condition_value(node: Node) -> str | None:
    # Comparing with the empty text is meant: only a null or absent value says nothing.
    if node.value.get("value") == "":
        return ""
    return node.text("value")


def _concept_map_nodes(node: Node) -> Iterable[Node]:
    if isinstance(node.value, dict) and node.value.get("resourceType") == "Bundle":
        return [entry.field("resource") for entry in node.field("entry").objects()]
    return node.objects()


def _concept_map(node: Node) -> ConceptMap:
    title = node.text_or_none("title") or node.text_or_none("name") or ""
    node = node.called(f"concept map {title}".strip())
    codes = _fhir_codes(node) if node.value.get("resourceType") == "ConceptMap" else _codes(node.field("codes"))
    return ConceptMap(id=node.text("id"), title=title, codes=codes)


def _codes(node: Node) -> dict[str, str]:
    if not node.is_object():
        return {}
    return {code: node.text(code) for code in node.value}


def _fhir_codes(node: Node) -> dict[str, str]:
    """`group[].element[].code → target[0].code`. A code without a target is not mapped."""
    codes: dict[str, str] = {}
    for group in node.field("group").objects():
        for element in group.field("element").objects():
            code = element.text("code")
            for target in list(element.field("target").objects())[:1]:
                mapped = target.text("code")
                if codes.setdefault(code, mapped) != mapped:
                    element.wrong(f'"{code}" is mapped twice, to different codes', at="code")
    return codes


def _no_duplicates(root: Node, name: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for at, one in enumerate(ids):
        if one and one in seen:
            root.mistakes.append(Mistake(path=f"{name}[{at}].id", reason=f'"{one}" is the id of another one, too'))
        seen.add(one)
