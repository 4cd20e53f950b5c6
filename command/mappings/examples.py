"""Examples of a mapping: rows as its tables have them, and the resource that they have to become.

They are kept beside the mapping, in the folder `<mapping>.examples`, a file each:

    {
      "resource_id": "mimic-patient",
      "about": "what this shows, in a sentence",
      "rows": [{"patients.subject_id": 1, "patients.gender": "F"}],
      "expected": {"resourceType": "Patient", …}
    }

Several rows are those of one key, joined. Each has just the columns that the mapping reads; where two joins lead to
one table, the alias that tells them apart stands for the name. `refused` in place of `expected`, with `reason` and
`sentence`, is a record that must become a dead letter.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import zip_longest
from pathlib import Path
from typing import Any

from command.mappings.files import parsed
from command.stack.trouble import Trouble
from extractor.catalogue import selected
from mapping import model
from mapping.identity import BadKey, canonical_key
from mapping.mistakes import InvalidMapping
from mapping.r4 import Definitions
from pipeline.errors import InvalidRecord
from pipeline.events import Value
from transformer.compile import compile_resource
from transformer.plan import Plan
from transformer.resource_check import ResourceChecks
from transformer.scripts import Scripts

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one example: right where there is nothing to tell."""

    name: str
    about: str
    told: tuple[str, ...]


class Examples:
    """Runs the examples of one mapping by the transformer's own code, in its time zone."""

    def __init__(self, mapping: model.Mapping, *, definitions: Definitions, zone: tzinfo) -> None:
        self._mapping = mapping
        self._definitions = definitions
        self._checks = ResourceChecks(definitions)
        self._scripts = Scripts(zone)
        self._plans: dict[str, Plan] = {}

    def run(self, file: Path) -> Outcome:
        """Run one. Raises Trouble where the file is no example."""
        example = parsed(file)
        about = str(example.get("about", ""))
        try:
            made = self._made(example)
        except _UnfitExample as error:
            return Outcome(file.stem, about, (str(error),))
        wanted = example.get("expected") or example.get("refused")
        if wanted is None:
            shown = json.dumps(made, indent=2, ensure_ascii=False)
            return Outcome(file.stem, about, (f"says neither expected nor refused; the mapping gives\n{shown}",))
        if ("reason" in made) != ("reason" in wanted):
            became = f"is refused: {made['reason']}: {made['sentence']}" if "reason" in made else "is not refused"
            return Outcome(file.stem, about, (became,))
        return Outcome(file.stem, about, tuple(differences(wanted, made)))

    def _made(self, example: Mapping[str, Any]) -> dict[str, Any]:
        """The resource, or how it was refused."""
        resource = self._resource(example.get("resource_id"))
        columns = _columns(resource, example.get("rows"))
        try:
            key = canonical_key(columns[resource.primary_key.alias][0])
            made: dict[str, Any] = json.loads(self._plan(resource).run(columns, key).body)
        except BadKey as error:
            raise _UnfitExample(f"rows: {error}") from None
        except InvalidRecord as error:
            return {"reason": error.reason, "sentence": str(error)}
        return made

    def _resource(self, resource_id: object) -> model.ResourceMapping:
        resource = self._mapping.resource(resource_id) if isinstance(resource_id, str) else None
        if resource is not None:
            return resource
        there = ", ".join(resource.id for resource in self._mapping.resources)
        raise _UnfitExample(f"resource_id: is no resource of the mapping (has: {there})")

    def _plan(self, resource: model.ResourceMapping) -> Plan:
        if resource.id not in self._plans:
            try:
                self._plans[resource.id] = compile_resource(
                    self._mapping, resource, definitions=self._definitions, checks=self._checks, scripts=self._scripts
                )
            except InvalidMapping as error:
                raise _UnfitExample(f"the mapping has mistakes: {error}") from None
        return self._plans[resource.id]


class _UnfitExample(Exception):
    """The example does not fit the mapping: the message says where."""


def files_of(mapping_file: Path) -> list[Path]:
    """The examples beside a mapping, by name. Raises Trouble where there is none."""
    folder = mapping_file.with_suffix(".examples")
    found = sorted(folder.glob("*.json"))
    if not found:
        raise Trouble(f"{mapping_file}: has no examples: put them into {folder}, as docs/mappings.md shows")
    return found


def differences(wanted: Any, made: Any, place: str = "") -> Iterator[str]:
    """Where two JSON values differ, a sentence each."""
    if isinstance(wanted, dict) and isinstance(made, dict):
        for name in dict.fromkeys([*wanted, *made]):
            inner = f"{place}.{name}" if place else name
            yield from differences(wanted.get(name, _ABSENT), made.get(name, _ABSENT), inner)
    elif isinstance(wanted, list) and isinstance(made, list):
        for at, (one, other) in enumerate(zip_longest(wanted, made, fillvalue=_ABSENT)):
            yield from differences(one, other, f"{place}[{at}]")
    elif wanted is _ABSENT:
        yield f"{place}: is {_shown(made)}, and should not be there"
    elif made is _ABSENT:
        yield f"{place}: is not there, and should be {_shown(wanted)}"
    elif wanted != made or isinstance(wanted, bool) != isinstance(made, bool):
        yield f"{place}: is {_shown(made)}, and should be {_shown(wanted)}"


def _columns(resource: model.ResourceMapping, rows: object) -> dict[str, Sequence[Value]]:
    """The rows of an example as an `extract` event carries them. Raises _UnfitExample."""
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise _UnfitExample("rows: must be a list of at least one object")
    wanted = selected(resource)
    plain = [f"{one.table}.{one.column}" for one in wanted]
    names = [name if plain.count(name) == 1 else one.alias for one, name in zip(wanted, plain, strict=True)]
    for at, row in enumerate(rows):
        for name in sorted(row.keys() ^ set(names)):
            rule = "is not read by the mapping" if name in row else "is missing: null where the database has nothing"
            raise _UnfitExample(f"rows[{at}]: {name} {rule}")
    return {one.alias: [row[name] for row in rows] for one, name in zip(wanted, names, strict=True)}


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
