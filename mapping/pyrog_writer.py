"""Mappings written in Pyrog's shape, version 10: what `mapping.pyrog` reads back to the same.

Beyond Pyrog's own: `script` on a condition, and `conceptMaps` with the resource that names them.
"""

from __future__ import annotations

from typing import Any

from mapping import concept_maps, model


def resource(mapping: model.Mapping, one: model.ResourceMapping) -> dict[str, Any]:
    """One resource by itself, with its source and the concept maps that it names."""
    named = concept_maps.wanted([one])
    return {
        "id": one.id,
        "label": one.label,
        "primaryKeyOwner": _owner(one.primary_key.owner),
        "primaryKeyTable": one.primary_key.table,
        "primaryKeyColumn": one.primary_key.column,
        "definitionId": one.resource_type,
        "definition": _definition(one),
        "logicalReference": one.logical_reference,
        "filters": [
            {"relation": each.relation, "value": each.value, "sqlColumn": _column(each.column)} for each in one.filters
        ],
        "attributes": [_attribute(each) for each in one.attributes],
        "source": {"id": mapping.source.id, "name": mapping.source.name},
        "conceptMaps": [_concept_map(each) for each in mapping.concept_maps if each.id in named],
    }


def _definition(one: model.ResourceMapping) -> dict[str, str]:
    derivation = "specialization" if one.profile is None else "constraint"
    url = one.profile or f"http://hl7.org/fhir/StructureDefinition/{one.resource_type}"
    return {"type": one.resource_type, "kind": "resource", "derivation": derivation, "url": url}


def _attribute(one: model.Attribute) -> dict[str, Any]:
    return {"path": one.path, "definitionId": one.type, "inputGroups": [_group(each) for each in one.input_groups]}


def _group(group: model.InputGroup) -> dict[str, Any]:
    return {
        "mergingScript": group.merging_script,
        "inputs": [
            {
                "staticValue": one.static,
                "sqlValue": None if one.column is None else _column(one.column),
                "script": one.script,
                "conceptMapId": one.concept_map_id,
            }
            for one in group.inputs
        ],
        "conditions": [
            {
                "action": one.action,
                "relation": one.relation,
                "value": one.value,
                "script": one.script,
                "sqlValue": _column(one.column),
            }
            for one in group.conditions
        ],
    }


def _column(column: model.Column) -> dict[str, Any]:
    joins = [{"tables": [_table_column(join.left), _table_column(join.right)]} for join in column.joins]
    return {"table": column.table, "column": column.column, "owner": _owner(column.owner), "joins": joins}


def _table_column(one: model.TableColumn) -> dict[str, Any]:
    return {"table": one.table, "column": one.column, "owner": _owner(one.owner)}


def _owner(name: str | None) -> dict[str, str] | None:
    return None if name is None else {"id": name, "name": name}


def _concept_map(one: model.ConceptMap) -> dict[str, Any]:
    codes = [{"code": code, "target": target} for code, target in one.codes.items()]
    return {"id": one.id, "title": one.title, "codes": codes}
