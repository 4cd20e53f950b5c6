"""The elements of FHIR R4: what a path in a resource holds, how often, and which codes it may have.

The table comes from HL7's own StructureDefinitions and is built by `mapping.r4_build`. Elements are named as
in JSON: each type of a choice is an element of its own (`deceasedBoolean`, `deceasedDateTime`, both with
`choice` `deceased`), and a primitive's extensions stand under its name with an underscore (`_birthDate`).
A backbone element's type is its own path (`Patient.contact`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from mapping.mistakes import MappingError

# How a primitive is written in JSON; all the others are strings.
JSON_KINDS: Mapping[str, Literal["boolean", "integer", "number"]] = MappingProxyType(
    {
        "boolean": "boolean",
        "integer": "integer",
        "positiveInt": "integer",
        "unsignedInt": "integer",
        "decimal": "number",
    }
)

_INDEX = re.compile(r"\[\d+\]")


class NoDefinitions(MappingError):
    """The table cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type, under its name in JSON.

    `max` is None where there is no limit; `is_list` is what JSON makes of it. `codes` are what a required
    binding allows, per code system, None where there is none or it cannot be listed. `choice` is the name
    before `[x]`, and `min` is then that of all its types together. `targets` are the resource types that a
    Reference may point to, empty for any.
    """

    name: str
    type: str
    min: int
    max: int | None
    codes: Mapping[str, tuple[str, ...]] | None = None
    choice: str | None = None
    targets: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        """Whether JSON writes it as an array."""
        return self.max != 1


@dataclass(frozen=True)
class Definition:
    """One type, with its elements in the order in which FHIR lists them."""

    name: str
    elements: Mapping[str, Element]

    @cached_property
    def required(self) -> tuple[tuple[str, ...], ...]:
        """Names of elements of which one must be there: several where it is a choice."""
        groups: dict[str, list[str]] = {}
        for element in self.elements.values():
            if element.min and not element.name.startswith("_"):
                groups.setdefault(element.choice or element.name, []).append(element.name)
        return tuple(tuple(names) for names in groups.values())


class Definitions:
    """All types of FHIR R4. Read once at the start; types are unfolded when first asked for.

    Not tied to any thread: unfolding twice gives the same.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        """`table` is what `mapping.r4_build.build` returns."""
        self._table = table
        self._unfolded: dict[str, Definition] = {}
        self.primitives: Mapping[str, str | None] = MappingProxyType(dict(table["primitives"]))
        """Primitive type to the regular expression of its text, None where FHIR gives none."""
        self.resources: frozenset[str] = frozenset(
            name
            for name, described in table["types"].items()
            if described["kind"] == "resource" and not described.get("abstract")
        )
        """Names of all resource types that can be made."""

    @classmethod
    def load(cls, path: Path) -> Definitions:
        """Read the table. Raises NoDefinitions where it is not there or is no such table."""
        try:
            return cls(json.loads(path.read_bytes()))
        except FileNotFoundError:
            raise NoDefinitions(f"{path} is not there: ./firth up builds it, into .firth/cache/fhir") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise NoDefinitions(f"{path} is no table of FHIR elements ({type(error).__name__})") from None

    def __contains__(self, name: str) -> bool:
        return name in self._table["types"]

    def is_primitive(self, name: str) -> bool:
        """Whether the type is a primitive one (`string`, `code`, `date`)."""
        return name in self.primitives

    def type(self, name: str) -> Definition:
        """The complex, backbone or resource type. Raises KeyError where R4 has none of that name."""
        found = self._unfolded.get(name)
        if found is None:
            described = self._table["types"][name]
            found = Definition(
                name=name,
                elements=MappingProxyType(self._unfold(described["elements"])),
            )
            self._unfolded[name] = found
        return found

    def element(self, type_name: str, path: str) -> Element | None:
        """The element at a path such as `name[0].given[1]`, from a type on; None where R4 has none there.

        Indexes are ignored. Nothing is found inside of `contained`: the path does not say which type it is.
        """
        found: Element | None = None
        for name in _INDEX.sub("", path).split("."):
            if found is not None:
                type_name = found.type
            if type_name not in self:
                return None
            found = self.type(type_name).elements.get(name)
            if found is None:
                return None
        return found

    def _unfold(self, described: Mapping[str, Any]) -> dict[str, Element]:
        """Each element under each of its names: choices type by type, primitives with their extensions."""
        unfolded: dict[str, Element] = {}
        for written, held in described.items():
            choice = written.removesuffix("[x]") if written.endswith("[x]") else None
            for type_name in held["types"]:
                name = written if choice is None else choice + type_name[0].upper() + type_name[1:]
                unfolded[name] = Element(
                    name=name,
                    type=type_name,
                    min=held["min"],
                    max=held["max"],
                    codes=self._codes(held.get("bound")) if type_name in BOUND_TYPES else None,
                    choice=choice,
                    targets=tuple(held.get("targets", ())) if type_name == "Reference" else (),
                )
                if self.is_primitive(type_name):
                    unfolded["_" + name] = Element(name="_" + name, type="Element", min=0, max=held["max"])
        return unfolded

    def _codes(self, value_set: str | None) -> Mapping[str, tuple[str, ...]] | None:
        if value_set is None:
            return None
        listed = self._table["value_sets"][value_set]
        return MappingProxyType({system: tuple(codes) for system, codes in listed.items()})


# The types whose bindings say something about a code in them.
BOUND_TYPES = frozenset({"code", "Coding", "CodeableConcept", "Quantity"})
