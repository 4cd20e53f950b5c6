"""FHIR R4 as JSON schemas, one a resource type, made of HL7's own definitions.

The published R4 schema misses required primitives and choice types, knows no real calendar, and takes five
times as long; these say all that can be said of an element alone. Not in them: FHIRPath invariants, and the
inside of resources in resources (see `transformer.resource_check`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from mapping.r4 import JSON_KINDS, Definition, Definitions, Element

Schema: TypeAlias = dict[str, Any]

# Each day that the calendar has, which no pattern of FHIR's own asks for: 2023-02-29 is none.
YEAR = "(?:[0-9](?:[0-9](?:[0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
LEAP_YEAR = (
    "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"  # by 4; by 100 if by 400
)
DAY = (
    f"(?:{YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{LEAP_YEAR}-02-29)"
)
TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
ZONE = "(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
DATE = f"(?:{YEAR}(?:-(?:0[1-9]|1[0-2]))?|{DAY})"

# FHIR: no character under 32 but tab, line feed and carriage return; a database behind takes no NUL either.
TEXT = r"[^\x00-\x08\x0B\x0C\x0E-\x1F]+"
LONGEST_TEXT = 1024 * 1024

PATTERNS: Mapping[str, str] = {
    "date": DATE,
    "dateTime": f"(?:{DATE}|{DAY}T{TIME}{ZONE})",
    "instant": f"{DAY}T{TIME}{ZONE}",
    "time": TIME,
    "string": TEXT,
    "markdown": TEXT,
    "uri": r"\S+",
    "url": r"\S+",
    "canonical": r"\S+",
}
INT_32 = {"minimum": -(2**31), "maximum": 2**31 - 1}


def resource_schema(definitions: Definitions, resource_type: str) -> Schema:
    """The schema of one resource type, with every type that it can hold. Raises KeyError for no resource."""
    types = sorted(reachable(definitions, resource_type))
    schema = type_schema(definitions, definitions.type(resource_type))
    schema["properties"]["resourceType"] = {"const": resource_type}
    schema["required"] = ["resourceType", *schema.get("required", ())]
    schema["$defs"] = {
        name: any_resource(definitions) if name == "Resource" else type_schema(definitions, definitions.type(name))
        for name in types
    }
    return schema


def reachable(definitions: Definitions, name: str) -> set[str]:
    """Every complex type that can occur somewhere in `name`. Not into resources in it."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        for element in definitions.type(ahead.pop()).elements.values():
            held = element.type
            if held not in found and not definitions.is_primitive(held):
                found.add(held)
                if held != "Resource":
                    ahead.append(held)
    return found


def any_resource(definitions: Definitions) -> Schema:
    """A resource in a resource: of a type that R4 has. The check looks into it by that type."""
    return {
        "type": "object",
        "properties": {"resourceType": {"enum": sorted(definitions.resources)}},
        "required": ["resourceType"],
    }


def type_schema(definitions: Definitions, definition: Definition) -> Schema:
    """The schema of one complex type; others are referred to."""
    schema: Schema = {
        "type": "object",
        "minProperties": 1,
        "properties": {element.name: element_schema(definitions, element) for element in definition.elements.values()},
        "additionalProperties": False,
    }
    always, one_of = required(definitions, definition)
    if always:
        schema["required"] = always
    if one_of:
        schema["allOf"] = [{"anyOf": [{"required": [name]} for name in names]} for names in one_of]
    exclusive = dict(exclusive_choices(definition))
    if exclusive:
        schema["dependentSchemas"] = exclusive
    return schema


def required(definitions: Definitions, definition: Definition) -> tuple[list[str], list[list[str]]]:
    """Names that must be there, and groups of names of which one must: the types of a choice, and a primitive
    or, in its place, its extension, which may say why there is none."""
    always: list[str] = []
    one_of: list[list[str]] = []
    for names in definition.required:
        primitives = [name for name in names if definitions.is_primitive(definition.elements[name].type)]
        if primitives or len(names) > 1:
            one_of.append([*names, *("_" + name for name in primitives)])
        else:
            always += names
    return always, one_of


def exclusive_choices(definition: Definition) -> Iterator[tuple[str, Schema]]:
    """For each type of a choice, that the other types are not there."""
    choices: dict[str, list[str]] = {}
    for element in definition.elements.values():
        if element.choice is not None:
            choices.setdefault(element.choice, []).append(element.name)
    for names in choices.values():
        for name in names:
            yield name, {"properties": {other: False for other in names if other != name}}


def element_schema(definitions: Definitions, element: Element) -> Schema:
    """The schema of what stands under the element's name, a list or a single one."""
    primitive = definitions.is_primitive(element.type)
    one = primitive_schema(definitions, element) if primitive else {"$ref": f"#/$defs/{element.type}"}
    if element.codes is not None and not primitive:
        one = {"allOf": [one, bound(element)]}
    if not element.is_list:
        return one
    if primitive or element.name.startswith("_"):
        # JSON keeps a primitive and its extensions in two lists, and null holds the place in either.
        one = {"anyOf": [one, {"type": "null"}]}
    many: Schema = {"type": "array", "items": one, "minItems": 1}
    if element.max is not None:
        many["maxItems"] = element.max
    return many


def primitive_schema(definitions: Definitions, element: Element) -> Schema:
    """The schema of a primitive's value: its JSON type and range, its pattern, or its codes."""
    kind = JSON_KINDS.get(element.type, "string")
    if element.codes is not None:
        return {"enum": sorted({code for codes in element.codes.values() for code in codes})}
    if kind == "integer":
        lowest = {"positiveInt": 1, "unsignedInt": 0}.get(element.type, INT_32["minimum"])
        return {"type": kind, "minimum": lowest, "maximum": INT_32["maximum"]}
    if kind != "string":
        return {"type": kind}
    schema: Schema = {"type": kind}
    pattern = PATTERNS.get(element.type, definitions.primitives[element.type])
    if pattern is not None:
        schema["pattern"] = f"^(?:{pattern})$"
    if element.type in ("string", "markdown"):
        schema["maxLength"] = LONGEST_TEXT
    return schema


def bound(element: Element) -> Schema:
    """That a coded element has a code of its required value set: itself, or one of its codings."""
    assert element.codes is not None
    coded = {
        "anyOf": [
            {"required": ["code", "system"], "properties": {"system": {"const": system}, "code": {"enum": [*codes]}}}
            for system, codes in element.codes.items()
        ]
    }
    if element.type == "CodeableConcept":
        return {"properties": {"coding": {"contains": coded}}}
    return {"anyOf": [coded, {"not": {"required": ["code"]}}]}
