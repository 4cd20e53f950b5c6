"""What a format leaves open, filled from FHIR R4 where a path says it, and told where not.

    attribute's type        empty, or another than R4 has at that path: R4's
    resource type           a definition of which only the id is known (a profile): the one type that has all paths

Told besides, since a run would show it late: elements that R4 does not have and that nothing is mapped to, two
forms of one choice that can meet, and references to resources that the mapping does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mapping import paths
from mapping.identity import REFERENCE_SYSTEM, TAG_SYSTEM
from mapping.mistakes import Mistake
from mapping.model import Attribute, Mapping, ResourceMapping
from mapping.r4 import Definitions, Element


def complete(mapping: Mapping, definitions: Definitions) -> tuple[Mapping, list[Mistake]]:
    """The mapping with its gaps filled, and what a person should know of it. Nothing told here is in the way of an
    import: that is for `mapping.check` to say."""
    told: list[Mistake] = []
    resources = []
    for at, resource in enumerate(mapping.resources):
        filled, reasons = _resource_type(resource, definitions)
        told += [Mistake(f"resources[{at}].definition", reason, filled.resource_type) for reason in reasons]
        attributes = []
        for number, attribute in enumerate(filled.attributes):
            typed, reason = _attribute(attribute, filled.resource_type, definitions)
            if reason:
                told.append(_about(typed, filled, f"resources[{at}].attributes[{number}]", reason))
            attributes.append(typed)
        filled = replace(filled, attributes=tuple(attributes))
        told += _choices(filled, f"resources[{at}]", definitions)
        told += _references(filled, f"resources[{at}]", mapping)
        resources.append(filled)
    return replace(mapping, resources=tuple(resources)), told


def _resource_type(resource: ResourceMapping, definitions: Definitions) -> tuple[ResourceMapping, list[str]]:
    said = resource.resource_type
    if said in definitions.resources:
        return resource, []
    wanted = [one.path for one in resource.attributes if one.input_groups]
    fitting = [
        name
        for name in sorted(definitions.resources)
        if all(_element(path, name, definitions) is not None for path in wanted)
    ]
    if not wanted or len(fitting) != 1:
        return resource, []
    reason = (
        f'definition "{said}" names no resource type, and {fitting[0]} alone has all its paths: taken for that, '
        "without a profile in meta.profile, since its url is not known"
    )
    return replace(resource, resource_type=fitting[0]), [reason]


def _attribute(attribute: Attribute, resource_type: str, definitions: Definitions) -> tuple[Attribute, str]:
    element = _element(attribute.path, resource_type, definitions)
    if element is None:
        if attribute.input_groups or resource_type not in definitions.resources:
            return attribute, ""
        return attribute, "FHIR R4 has no such element; nothing is mapped to it, so it is passed over"
    if attribute.type == element.type:
        return attribute, ""
    filled = replace(attribute, type=element.type)
    # Backbone elements and profiles of Quantity go by several names.
    same = attribute.type in ("", "BackboneElement", "Element") or attribute.type.endswith(element.type)
    return filled, "" if same else f"is called {attribute.type}; FHIR R4 has {element.type} there, which is taken"


def _choices(resource: ResourceMapping, path: str, definitions: Definitions) -> Iterator[Mistake]:
    """Two forms of one element, such as deceasedBoolean and deceasedDateTime, of which both may have a value."""
    forms: dict[str, str] = {}
    for number, attribute in enumerate(resource.attributes):
        element = _element(attribute.path, resource.resource_type, definitions)
        if element is None or element.choice is None or all(one.conditions for one in attribute.input_groups):
            continue
        place = ".".join([*attribute.path.split(".")[:-1], element.choice])
        name = forms.setdefault(place, element.name)
        if name != element.name:
            reason = (
                f"a resource has this or {name}, never both: a record with a value for each is refused; "
                "conditions can say which it is"
            )
            yield _about(attribute, resource, f"{path}.attributes[{number}]", reason)


def _references(resource: ResourceMapping, path: str, mapping: Mapping) -> Iterator[Mistake]:
    known = {REFERENCE_SYSTEM + one.logical_reference for one in mapping.resources}
    for number, attribute in enumerate(resource.attributes):
        if not attribute.path.endswith(".identifier.system"):
            continue
        systems = [given.static or "" for group in attribute.input_groups for given in group.inputs]
        if any(is_reference(system) and system not in known for system in systems):
            reason = (
                "is the logical reference of no resource of this mapping: it stays a logical reference, "
                "with its identifier"
            )
            yield _about(attribute, resource, f"{path}.attributes[{number}]", reason)


def is_reference(system: str) -> bool:
    """Whether an identifier's system is meant for a resource of some mapping."""
    return system.startswith(REFERENCE_SYSTEM) and not system.startswith(TAG_SYSTEM)


def _element(path: str, resource_type: str, definitions: Definitions) -> Element | None:
    try:
        steps = paths.parse(path)
    except paths.BadPath:
        return None
    return definitions.element(resource_type, paths.element(steps))


def _about(attribute: Attribute, resource: ResourceMapping, path: str, reason: str) -> Mistake:
    return Mistake(path, reason, f"{resource.resource_type}.{attribute.path}")
