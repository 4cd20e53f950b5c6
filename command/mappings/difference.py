"""What is different between two mappings, resource by resource and element by element."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mapping import model


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `before` is None for what is new, `after` for what is gone."""

    where: str
    what: str
    before: str | None
    after: str | None


def changes(before: model.Mapping, after: model.Mapping) -> Iterator[Change]:
    """All differences, those of resources first, in the order of the later mapping."""
    yield from _values("source", {"name": before.source.name}, {"name": after.source.name})
    ours = {one.id: one for one in before.resources}
    theirs = {one.id: one for one in after.resources}
    for resource_id in dict.fromkeys([*theirs, *ours]):
        one, other = ours.get(resource_id), theirs.get(resource_id)
        yield from _values(resource_id, _resource(one), _resource(other))
    codes = {one.id: one for one in before.concept_maps}
    other_codes = {one.id: one for one in after.concept_maps}
    for map_id in dict.fromkeys([*other_codes, *codes]):
        one_map, other_map = codes.get(map_id), other_codes.get(map_id)
        yield from _values(f"concept map {map_id}", _concept_map(one_map), _concept_map(other_map))


def _values(where: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for what in dict.fromkeys([*after, *before]):
        if before.get(what) != after.get(what):
            yield Change(where, what, before.get(what), after.get(what))


def _resource(resource: model.ResourceMapping | None) -> dict[str, str]:
    """Everything that a resource mapping says, by what it says it of."""
    if resource is None:
        return {}
    said = {
        "label": resource.label,
        "resource type": resource.resource_type,
        "profile": resource.profile or "",
        "logical reference": resource.logical_reference,
        "primary key": column(resource.primary_key),
        "filters": " and ".join(f"{column(one.column)} {one.relation} {one.value}" for one in resource.filters),
    }
    return {name: value for name, value in said.items() if value} | {
        one.path: " else ".join(map(_group, one.input_groups)) for one in resource.attributes if one.input_groups
    }


def _concept_map(concept_map: model.ConceptMap | None) -> Mapping[str, str]:
    return {} if concept_map is None else concept_map.codes


def column(one: model.Column) -> str:
    """A column and the way to it: `admissions.type via patients.id = admissions.patient`."""
    via = "".join(
        f" via {join.left.table}.{join.left.column} = {join.right.table}.{join.right.column}" for join in one.joins
    )
    owner = f"{one.owner}." if one.owner else ""
    return f"{owner}{one.table}.{one.column}{via}"


def _group(group: model.InputGroup) -> str:
    inputs = ", ".join(map(_input, group.inputs))
    merged = f"{group.merging_script}({inputs})" if group.merging_script else inputs
    return f"{merged}{_conditions(group.conditions)}"


def _input(given: model.Input) -> str:
    value = f'"{given.static}"' if given.column is None else column(given.column)
    steps = [given.script, f"concept map {given.concept_map_id}" if given.concept_map_id else None]
    return " | ".join([value, *filter(None, steps)])


def _conditions(conditions: Sequence[model.Condition]) -> str:
    return f" if {' and '.join(map(_condition, conditions))}" if conditions else ""


def _condition(one: model.Condition) -> str:
    negation = "not" if one.action == "EXCLUDE" else None
    script = f"| {one.script}" if one.script else None
    return " ".join(filter(None, [negation, column(one.column), script, one.relation, one.value]))
