"""Reader of mappings as fhir-river itself exported them (its versions 4 and 5): snake_case, every column listed
once under its owner in the credential, and named by its id everywhere else.

    {id, name, credential: {…, owners: [{id, name, columns: [{id, table, column}]}]}, resources}

The document is the source: it has its id, name and credential.
"""

from __future__ import annotations

from typing import Any

from mapping import concept_maps, pyrog
from mapping.identity import fallback_reference
from mapping.mistakes import InvalidMapping
from mapping.model import (
    Attribute,
    Column,
    Condition,
    Filter,
    Input,
    InputGroup,
    Join,
    Mapping,
    ResourceMapping,
    Source,
    TableColumn,
)
from mapping.reading import Node


def is_river(document: dict[str, Any]) -> bool:
    """Whether the document is of this shape: its resources are written in snake_case."""
    resources = document.get("resources")
    return isinstance(resources, list) and any(
        isinstance(one, dict) and "primary_key_table" in one for one in resources
    )


def read(document: object) -> Mapping:
    """The mapping that a parsed JSON document says. Raises InvalidMapping with all mistakes of its form."""
    root = Node(document, [])
    mapping = _Reader(root).mapping() if root.is_object() else None
    if mapping is None or root.mistakes:
        raise InvalidMapping(root.mistakes)
    return mapping


class _Reader:
    """Reads one document, knowing its owners and columns by their ids."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._owners: dict[str, str] = {}
        self._columns: dict[str, TableColumn] = {}
        for owner in root.field("credential").field("owners").objects():
            name = owner.text("name")
            self._owners[owner.text("id")] = name
            for column in owner.field("columns").objects():
                found = TableColumn(column.text("table"), column.text("column"), name)
                self._columns[column.text("id")] = found

    def mapping(self) -> Mapping:
        root = self._root
        source = Source(id=root.text("id"), name=root.text_or_none("name") or "")
        resources = tuple(self._resource(node, source) for node in root.field("resources").objects())
        pyrog.no_duplicates(root, "resources", (one.id for one in resources))
        maps = tuple(concept_maps.read_all(root.field("concept_maps")))
        return Mapping(source=source, resources=resources, concept_maps=maps)

    def _resource(self, node: Node, source: Source) -> ResourceMapping:
        resource_type, profile = _definition(node)
        node = node.called(resource_type)
        resource_id = node.text("id")
        owner = node.text_or_none("primary_key_owner")
        if owner is not None and owner not in self._owners:
            node.wrong("is the id of no owner in the credential", at="primary_key_owner")
        fallback = fallback_reference(source.id, resource_id)
        filters = (self._filter(one) for one in node.field("filters").objects())
        return ResourceMapping(
            id=resource_id,
            label=node.text_or_none("label") or "",
            resource_type=resource_type,
            profile=profile,
            logical_reference=pyrog.logical_reference(node, fallback, name="logical_reference"),
            primary_key=Column(
                node.text("primary_key_table"), node.text("primary_key_column"), self._owners.get(owner or "")
            ),
            filters=tuple(one for one in filters if one is not None),
            attributes=tuple(self._attribute(one, resource_type) for one in node.field("attributes").objects()),
        )

    def _attribute(self, node: Node, resource_type: str) -> Attribute:
        path = node.text("path")
        node = node.called(f"{resource_type}.{path}" if path else resource_type)
        groups = tuple(self._group(one) for one in node.field("input_groups").objects())
        return Attribute(path, node.text_or_none("definition_id") or "", groups)

    def _group(self, node: Node) -> InputGroup:
        columns = [self._input(one) for one in node.field("sql_inputs").objects()]
        statics = [Input(static=one.text("value")) for one in node.field("static_inputs").objects()]
        conditions = (self._condition(one) for one in node.field("conditions").objects())
        return InputGroup(
            inputs=(*columns, *statics),
            merging_script=node.text_or_none("merging_script"),
            conditions=tuple(one for one in conditions if one is not None),
        )

    def _input(self, node: Node) -> Input:
        return Input(
            column=self._column(node),
            script=node.text_or_none("script"),
            concept_map_id=node.text_or_none("concept_map_id"),
        )

    def _condition(self, node: Node) -> Condition | None:
        given = node.field("sql_input")
        column = self._column(given)
        if not given.absent("concept_map_id"):
            given.wrong("a condition compares what is in the column: it takes no concept map", at="concept_map_id")
        return pyrog.condition_of(node, column, script=given.text_or_none("script"))

    def _filter(self, node: Node) -> Filter | None:
        given = node.field("sql_input")
        for name in ("script", "concept_map_id"):
            if not given.absent(name):
                given.wrong("a filter is the database's to apply: it takes neither script nor concept map", at=name)
        return pyrog.filter_of(node, self._column(given))

    def _column(self, node: Node) -> Column:
        if not node.is_object():
            return Column("", "")
        joins = tuple(
            Join(self._named(one, "left"), self._named(one, "right")) for one in node.field("joins").objects()
        )
        at = self._named(node, "column")
        return Column(at.table, at.column, at.owner, joins)

    def _named(self, node: Node, name: str) -> TableColumn:
        """The column whose id stands in field `name`."""
        column_id = node.text(name)
        if column_id and column_id not in self._columns:
            node.wrong("is the id of no column in the credential", at=name)
        return self._columns.get(column_id, TableColumn("", ""))


def _definition(node: Node) -> tuple[str, str | None]:
    """Resource type and profile. Exports may have the definition, or no more than its id."""
    definition = node.field("definition")
    if not isinstance(definition.value, dict) or definition.absent("type"):
        return node.text("definition_id"), None
    constrained = definition.value.get("derivation") == "constraint"
    return definition.text("type"), definition.text("url") if constrained else None
