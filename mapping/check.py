"""What is wrong with a mapping's meaning: elements that FHIR R4 does not have, scripts that nobody wrote,
tables that no join reaches. Its form was checked by the reader (`mapping.formats`).

Whether the database has the tables is for the extractor to say, who sees its catalogue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mapping import check_columns, check_values, paths, scripts
from mapping.mistakes import Mistake
from mapping.model import Attribute, ConceptMap, Input, InputGroup, Mapping, ResourceMapping
from mapping.r4 import Definitions, Element

# Elements that the engine computes, in every resource.
COMPUTED = {"id": "it is computed from the primary key", "resourceType": "it is the resource's type"}


def check(mapping: Mapping, definitions: Definitions) -> list[Mistake]:
    """All mistakes of meaning, in the order of the document; empty when it is right.

    `path` of a mistake leads through the Pyrog document that the mapping was read from.
    """
    known = _Known(definitions, {one.id: one for one in mapping.concept_maps})
    found = list(_shared_references(mapping))
    for at, resource in enumerate(mapping.resources):
        found += _resource(resource, f"resources[{at}]", known)
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """What attributes are checked against."""

    definitions: Definitions
    concept_maps: dict[str, ConceptMap]


def _shared_references(mapping: Mapping) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for at, resource in enumerate(mapping.resources):
        other = seen.setdefault(resource.logical_reference, resource.id)
        if other != resource.id:
            reason = f'is that of resource "{other}", too: both would write the same ids'
            yield Mistake(f"resources[{at}].logicalReference", reason, resource.resource_type)


def _resource(resource: ResourceMapping, path: str, known: _Known) -> Iterator[Mistake]:
    yield from check_columns.filters(resource, path)
    if resource.resource_type not in known.definitions.resources:
        reason = f'"{resource.resource_type}" is no resource type of FHIR R4'
        yield Mistake(f"{path}.definition.type", reason, resource.label)
        return
    yield from _repeated_paths(resource, path)
    for at, attribute in enumerate(resource.attributes):
        yield from _attribute(attribute, resource, f"{path}.attributes[{at}]", known)
    yield from _unmapped(resource, path, known.definitions)


def _repeated_paths(resource: ResourceMapping, path: str) -> Iterator[Mistake]:
    counted = Counter(attribute.path for attribute in resource.attributes)
    for at, attribute in enumerate(resource.attributes):
        if counted[attribute.path] > 1:
            reason = "is mapped more than once: one attribute with several input groups says which applies"
            yield Mistake(f"{path}.attributes[{at}].path", reason, _place(resource, attribute))
            counted[attribute.path] = 0  # told once


def _attribute(attribute: Attribute, resource: ResourceMapping, path: str, known: _Known) -> Iterator[Mistake]:
    place = _place(resource, attribute)
    if not attribute.input_groups:
        return  # nothing comes of it: `mapping.complete` tells where it names nothing
    element, reason = _element(attribute.path, resource.resource_type, known.definitions)
    if reason:
        yield Mistake(f"{path}.path", reason, place)
    if element is not None and not known.definitions.is_primitive(element.type):
        reason = f"a {element.type} has no value of its own: map the elements in it"
        yield Mistake(f"{path}.inputGroups", reason, place)
    for number, group in enumerate(attribute.input_groups):
        yield from check_columns.group(group, resource, f"{path}.inputGroups[{number}]", place)
        yield from _group(group, element, f"{path}.inputGroups[{number}]", place, known)


def _element(path: str, resource_type: str, definitions: Definitions) -> tuple[Element | None, str]:
    """The element at the end of the path, or None with the reason why there is none."""
    try:
        steps = paths.parse(path)
    except paths.BadPath as error:
        return None, str(error)
    if steps[0].name in COMPUTED:
        return None, f"{steps[0].name} cannot be mapped: {COMPUTED[steps[0].name]}"
    element: Element | None = None
    for depth, step in enumerate(steps, start=1):
        before = paths.render(steps[: depth - 1])
        element = definitions.element(resource_type, paths.render(steps[:depth]))
        if element is None:
            return None, f"FHIR R4 has no {step.name} in {'.'.join(filter(None, (resource_type, before)))}"
        if element.is_list and step.index is None:
            return None, f"{step.name} is a list: write {step.name}[0]"
        if not element.is_list and step.index is not None:
            return None, f"{step.name} is no list: write it without [{step.index}]"
    return element, ""


def _group(group: InputGroup, element: Element | None, path: str, place: str, known: _Known) -> Iterator[Mistake]:
    if not group.inputs:
        yield Mistake(f"{path}.inputs", "has no input", place)
    if len(group.inputs) > 1 and group.merging_script is None:
        yield Mistake(f"{path}.mergingScript", "is needed, since there are several inputs", place)
    if group.merging_script is not None and not scripts.is_merging(group.merging_script):
        yield Mistake(f"{path}.mergingScript", _no_script(group.merging_script, "merging"), place)
    for number, condition in enumerate(group.conditions):
        if condition.script is not None and not scripts.is_cleaning(condition.script):
            yield Mistake(f"{path}.conditions[{number}].script", _no_script(condition.script, "cleaning"), place)
    for number, one in enumerate(group.inputs):
        for at, reason in _input(one, known):
            yield Mistake(f"{path}.inputs[{number}].{at}", reason, place)
        # What a merging script makes of several values is known at run time alone.
        if element is not None and group.merging_script is None:
            for at, reason in check_values.of_input(one, element, known.definitions, known.concept_maps):
                yield Mistake(f"{path}.inputs[{number}].{at}", reason, place)


def _input(one: Input, known: _Known) -> Iterator[tuple[str, str]]:
    if one.script is not None and not scripts.is_cleaning(one.script):
        yield "script", _no_script(one.script, "cleaning")
    if one.concept_map_id is not None and one.concept_map_id not in known.concept_maps:
        where = "in the document, nor on a FHIR server that was asked"
        yield "conceptMapId", f'there is no concept map "{one.concept_map_id}" {where}'
    if one.static is not None and (one.script or one.concept_map_id):
        yield "staticValue", "takes neither script nor concept map: write the value that is meant"


def _no_script(name: str, kind: str) -> str:
    is_other = scripts.is_merging if kind == "cleaning" else scripts.is_cleaning
    if is_other(name):
        return f'"{name}" is no {kind} script, but a {"merging" if kind == "cleaning" else "cleaning"} one'
    return f'there is no {kind} script "{name}"'


def _unmapped(resource: ResourceMapping, path: str, definitions: Definitions) -> Iterator[Mistake]:
    """Required elements that nothing maps: every single record would be refused for them."""
    inside: dict[str, set[str]] = {"": set()}
    for attribute in resource.attributes:
        if not attribute.input_groups:
            continue
        try:
            steps = paths.parse(attribute.path)
        except paths.BadPath:
            continue
        for depth, step in enumerate(steps):
            inside.setdefault(paths.render(steps[:depth]), set()).add(step.name)
    for parent, mapped in inside.items():
        element = definitions.element(resource.resource_type, parent) if parent else None
        parent_type = element.type if element is not None else "" if parent else resource.resource_type
        for names in _required(parent_type, definitions):
            if mapped.isdisjoint(names):
                place = ".".join(filter(None, (resource.resource_type, parent)))
                yield Mistake(f"{path}.attributes", f"{' or '.join(names)} is required, and nothing maps it", place)


def _required(type_name: str, definitions: Definitions) -> Iterable[tuple[str, ...]]:
    if type_name not in definitions or definitions.is_primitive(type_name):
        return ()
    return definitions.type(type_name).required


def _place(resource: ResourceMapping, attribute: Attribute) -> str:
    return f"{resource.resource_type}.{attribute.path}"
