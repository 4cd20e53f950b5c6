"""What leaves the transformer is R4: types, cardinality, required elements, choices, bound codes, the forms
of primitives and real days are checked of every resource, in about 2 µs.

Not checked: FHIRPath invariants, profiles, extensible bindings, and whether a reference's target exists. What
is said of a fault names element and rule, never the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from mapping.r4 import Definition, Definitions, Element
from transformer.resource_schema import required, resource_schema

Resource: TypeAlias = Mapping[str, Any]
Reason: TypeAlias = Literal["missing-element", "unknown-element", "wrong-cardinality", "wrong-format", "unbound-code"]

_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}")

FORMS: Mapping[str, str] = {
    "date": "a date that the calendar has, as YYYY, YYYY-MM or YYYY-MM-DD",
    "dateTime": "a date (YYYY, YYYY-MM, YYYY-MM-DD) or a date and time with a zone (YYYY-MM-DDThh:mm:ss+zz:zz)",
    "instant": "a date and time with a zone (YYYY-MM-DDThh:mm:ss+zz:zz)",
    "time": "a time (hh:mm:ss)",
    "code": "a code: no space before, after or twice in it",
    "id": "an id: 1 to 64 letters, digits, - and .",
    "string": "a text of 1 to 1,048,576 characters without control characters",
    "markdown": "a text of 1 to 1,048,576 characters without control characters",
    "positiveInt": "a whole number from 1 on",
    "unsignedInt": "a whole number from 0 on",
    "integer": "a whole number of 32 bits",
    "decimal": "a number",
    "boolean": "true or false",
    "uri": "a URI (no spaces)",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a resource: where (`name[0].given`, empty for the whole), by which rule.

    `element` is the place without indexes, as a mapping's attributes are found by.
    """

    place: str
    element: str
    reason: Reason
    rule: str


class ResourceCheck:
    """Checks resources of one type. Made once (some milliseconds), used for every resource, in any thread."""

    def __init__(self, definitions: Definitions, resource_type: str) -> None:
        """Raises KeyError where R4 has no such resource."""
        self._definitions = definitions
        self._type = resource_type
        # The linear engine: no text, however long, can make a pattern go back and forth.
        schema = resource_schema(definitions, resource_type)
        self._validator = Draft202012Validator(schema, pattern_options=RegexOptions())
        self.is_valid = self._validator.is_valid

    def fault(self, resource: Resource) -> Fault | None:
        """The first thing wrong with the resource, None where it is sound. Not into contained resources."""
        for error in self._validator.iter_errors(resource):
            # Its message quotes the value: only where it is and by which keyword is taken from it.
            return self._explain(error, resource)
        return None

    def _explain(self, error: ValidationError, resource: Resource) -> Fault:
        path = list(error.instance_path)
        keyword = error.kind.name
        if keyword == "contains":
            path.pop()  # said of the codings; meant is the concept that has them
        owner, element = self._walk(path)
        value = at(resource, path)
        if keyword in ("additionalProperties", "required", "anyOf") and isinstance(value, Mapping):
            found = self._in_object(owner, value, path)
            if found is not None:
                return found
        if element is None:
            return fault(path, "unknown-element", "is no resource type of R4")
        if keyword == "falseSchema":
            return fault(path, "wrong-cardinality", f"is there beside another type of {element.choice}[x]")
        if keyword in ("minItems", "maxItems", "minProperties"):
            return fault(path, "wrong-cardinality", "is empty, or longer than R4 allows")
        if keyword == "type" and element.is_list and not isinstance(value, list):
            return fault(path, "wrong-cardinality", "is not a list")
        bound = keyword in ("enum", "contains", "anyOf") and element.codes is not None
        return fault(path, "unbound-code" if bound else "wrong-format", rule(element))

    def _in_object(self, owner: Definition, value: Resource, path: list[str | int]) -> Fault | None:
        """The first element that an object lacks, or has and should not."""
        if not path and "resourceType" not in value:
            return fault(["resourceType"], "missing-element", "is required")
        always, one_of = required(self._definitions, owner)
        for names in [*([name] for name in always), *one_of]:
            if not any(name in value for name in names):
                missing = owner.elements[names[0]].choice or names[0]
                return fault([*path, missing], "missing-element", "is required")
        unknown = sorted(set(value) - set(owner.elements) - {"resourceType"})
        if unknown:
            return fault([*path, unknown[0]], "unknown-element", f"is no element of {owner.name} in R4")
        return None

    def _walk(self, path: list[str | int]) -> tuple[Definition, Element | None]:
        """The type of the innermost object on the way, and the element at the end (None: the resource)."""
        owner, element = self._definitions.type(self._type), None
        for step in path:
            if isinstance(step, int):
                continue
            if element is not None:
                owner = self._definitions.type(element.type)
            element = owner.elements.get(step)
            if element is None:
                break
        if element is not None and element.type in self._definitions:
            owner = self._definitions.type(element.type)
        return owner, element


class ResourceChecks:
    """The checks of all resource types, each made when first asked for."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._made: dict[str, ResourceCheck] = {}

    def of(self, resource_type: str) -> ResourceCheck:
        """The check of one type. Raises KeyError where R4 has no such resource."""
        check = self._made.get(resource_type)
        if check is None:
            check = self._made[resource_type] = ResourceCheck(self._definitions, resource_type)
        return check

    def fault(self, resource: Resource) -> Fault | None:
        """As `ResourceCheck.fault`, by the resource's own type, and into the resources contained in it."""
        name = resource.get("resourceType")
        if name not in self._definitions.resources:
            return fault(["resourceType"], "unknown-element", "is no resource type of R4")
        found = self.of(name).fault(resource)
        if found is not None:
            return found
        for index, inner in enumerate(resource.get("contained", ())):
            found = self.fault(inner)
            if found is not None:
                where = f"contained[{index}]"
                return Fault(f"{where}.{found.place}", f"contained.{found.element}", found.reason, found.rule)
        return None


def fault(path: list[str | int], reason: Reason, rule: str) -> Fault:
    """A fault at a path of names and indexes. A name that no element could have is not repeated: it may be
    data that came to stand in the wrong place."""
    place = element = ""
    for step in path:
        if isinstance(step, int):
            place += f"[{step}]"
        else:
            name = step if _NAME.fullmatch(step) else "?"
            place, element = f"{place}.{name}", f"{element}.{name}"
    return Fault(place.lstrip("."), element.lstrip("."), reason, rule)


def at(resource: Any, path: list[str | int]) -> Any:
    """What stands at the path."""
    for step in path:
        resource = resource[step]
    return resource


def rule(element: Element) -> str:
    """What a value of the element must be, said of one that is not: the codes allowed (the first of them,
    where there are many), or the form of its type."""
    if element.codes is None:
        return f"is not {FORMS.get(element.type, 'of type ' + element.type)}"
    codes = [code for listed in element.codes.values() for code in listed]
    some = ", ".join(codes[:12]) + (", …" if len(codes) > 12 else "")
    return f"is not one of the codes that R4 allows ({some})"
