"""Which codes a published value set holds: for the element table alone, at build time.

A set that is not listed in what HL7 publishes with R4 (all languages, MIME types, units, or a filter that
needs more than the hierarchy) comes out as None: its codes are then not checked, rather than checked wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.etree import ElementTree  # for the type alone: r4_build reads

Node: TypeAlias = ElementTree.Element

# System to its codes, both in the order published.
Codes: TypeAlias = dict[str, list[str]]

FHIR = "{http://hl7.org/fhir}"


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """All codes of a system, and which are under which. `complete` says whether it lists all that it has."""

    complete: bool
    codes: list[str] = field(default_factory=list)
    parents: dict[str, set[str]] = field(default_factory=dict)


def value_of(node: Node, *path: str) -> str:
    """The `value` attribute at the path, or an empty text."""
    found = node.find("/".join(FHIR + step for step in path))
    return "" if found is None else found.get("value", "")


def code_system(node: Node) -> CodeSystem:
    """A CodeSystem resource, with the hierarchy of nested concepts and of `subsumedBy` properties."""
    system = CodeSystem(complete=value_of(node, "content") == "complete")

    def add(concept: Node, parent: str | None) -> None:
        code = value_of(concept, "code")
        system.codes.append(code)
        parents = system.parents.setdefault(code, set())
        if parent is not None:
            parents.add(parent)
        for held in concept.findall(FHIR + "property"):
            if value_of(held, "code") == "subsumedBy":
                parents.add(value_of(held, "valueCode"))
        for child in concept.findall(FHIR + "concept"):
            add(child, code)

    for concept in node.findall(FHIR + "concept"):
        add(concept, None)
    return system


def expand(url: str, sets: Mapping[str, Node], systems: Mapping[str, CodeSystem]) -> Codes | None:
    """The codes of the value set, or None where they cannot be listed. An exclusion that cannot be listed
    excludes nothing: no code that is allowed is ever missing."""
    value_set = sets.get(url)
    if value_set is None:
        return None
    codes: Codes = {}
    for include in value_set.findall(f"{FHIR}compose/{FHIR}include"):
        included = part(include, sets, systems)
        if included is None:
            return None
        for system, more in included.items():
            codes[system] = list(dict.fromkeys([*codes.get(system, []), *more]))
    for exclude in value_set.findall(f"{FHIR}compose/{FHIR}exclude"):
        for system, less in (part(exclude, sets, systems) or {}).items():
            codes[system] = [code for code in codes.get(system, []) if code not in less]
    return codes


def part(node: Node, sets: Mapping[str, Node], systems: Mapping[str, CodeSystem]) -> Codes | None:
    """One include or exclude: codes of a system, and in every value set that it names."""
    system = value_of(node, "system")
    found = {system: codes} if system and (codes := of_system(node, systems.get(system))) is not None else None
    if system and found is None:
        return None
    for named in node.findall(FHIR + "valueSet"):
        other = expand(named.get("value", "").partition("|")[0], sets, systems)
        if other is None:
            return None
        found = (
            other
            if found is None
            else {name: [code for code in codes if code in other.get(name, ())] for name, codes in found.items()}
        )
    return found


def of_system(node: Node, system: CodeSystem | None) -> list[str] | None:
    """The codes that an include takes from its system: those it lists, or all that pass its filters."""
    listed = [value_of(concept, "code") for concept in node.findall(FHIR + "concept")]
    if listed:
        return listed
    if system is None or not system.complete:
        return None
    codes = system.codes
    for wanted in node.findall(FHIR + "filter"):
        if value_of(wanted, "property") != "concept":
            return None
        root, operator = value_of(wanted, "value"), value_of(wanted, "op")
        if operator not in ("is-a", "descendent-of"):
            return None
        below = set(descendants(root, system))
        codes = [code for code in codes if code in below or (code == root and operator == "is-a")]
    return codes


def descendants(root: str, system: CodeSystem) -> Iterator[str]:
    """Every code under `root`, not itself."""
    seen = {root}
    grown = True
    while grown:
        more = {code for code in system.codes if code not in seen and system.parents[code] & seen}
        grown = bool(more)
        seen |= more
        yield from more
