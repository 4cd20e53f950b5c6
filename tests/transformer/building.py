"""Short ways to write a mapping in a test and to run it."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson

from mapping.mistakes import InvalidMapping, Mistake
from mapping.model import (
    Attribute,
    Column,
    ConceptMap,
    Condition,
    Input,
    InputGroup,
    Mapping,
    Relation,
    ResourceMapping,
    Source,
)
from mapping.r4 import Definitions
from pipeline.errors import InvalidRecord
from pipeline.events import Value
from transformer.compile import compile_resource
from transformer.plan import Plan
from transformer.resource_check import ResourceChecks
from transformer.scripts import Scripts

PATIENTS = "b8efd322-3e38-4072-9c68-e62e15d84d04"
DOCTORS = "7b421f8c-0b62-46f3-96fb-8f182119d8a3"
REFERENCE = "http://terminology.arkhn.org/"
GENDERS = ConceptMap("genders", "MIMIC's genders", {"M": "male", "F": "female"})


def column(name: str) -> Column:
    return Column("t", name)


def read(name: str, *, script: str | None = None, concept_map: str | None = None) -> Input:
    """An input from a column of table t."""
    return Input(column=column(name), script=script, concept_map_id=concept_map)


def static(value: str) -> Input:
    return Input(static=value)


def when(
    name: str, relation: Relation, value: str | None = None, *, exclude: bool = False, script: str | None = None
) -> Condition:
    return Condition("EXCLUDE" if exclude else "INCLUDE", column(name), relation, value, script)


def group(*inputs: Input, merge: str | None = None, conditions: Sequence[Condition] = ()) -> InputGroup:
    return InputGroup(inputs, merge, tuple(conditions))


def attribute(path: str, *given: Input | InputGroup, merge: str | None = None) -> Attribute:
    """An attribute from inputs of one group, or from groups."""
    groups = tuple(one for one in given if isinstance(one, InputGroup))
    inputs = tuple(one for one in given if isinstance(one, Input))
    return Attribute(path, "", groups or (InputGroup(inputs, merge),))


def resource(kind: str, *attributes: Attribute, profile: str | None = None, id: str = "r1") -> ResourceMapping:  # noqa: A002
    reference = DOCTORS if kind == "Practitioner" else PATIENTS
    return ResourceMapping(id, f"the {kind}", kind, profile, reference, column("id"), (), attributes)


def mapping(*resources: ResourceMapping, concept_maps: Sequence[ConceptMap] = (GENDERS,)) -> Mapping:
    return Mapping(Source("s1", "a source"), resources, tuple(concept_maps))


@dataclass(frozen=True)
class Engine:
    """Compiles and runs. Columns are given by their name alone: table t is put before."""

    definitions: Definitions
    checks: ResourceChecks
    scripts: Scripts

    def plan(self, kind: str, *attributes: Attribute, profile: str | None = None) -> Plan:
        first = resource(kind, *attributes, profile=profile)
        return self.compile(mapping(first, resource("Practitioner", id="r2")), first)

    def compile(self, whole: Mapping, one: ResourceMapping) -> Plan:
        return compile_resource(whole, one, definitions=self.definitions, checks=self.checks, scripts=self.scripts)

    def run(self, plan: Plan, columns: Dict[str, Sequence[Value] | Value], key: str = "1") -> dict[str, Any]:
        """The resource of one record, without what every one has (type, id, meta)."""
        body = plan.run(rows(columns), key).body
        made = cast(dict[str, Any], orjson.loads(body))
        return {name: value for name, value in made.items() if name not in ("resourceType", "id", "meta")}

    def patient(self, *attributes: Attribute, **columns: Sequence[Value] | Value) -> dict[str, Any]:
        """Compile a mapping of Patient and run it on one record."""
        return self.run(self.plan("Patient", *attributes), columns)

    def refusal(self, *attributes: Attribute, **columns: Sequence[Value] | Value) -> InvalidRecord:
        """Why a mapping of Patient refuses one record."""
        try:
            self.patient(*attributes, **columns)
        except InvalidRecord as error:
            return error
        raise AssertionError("the record was not refused")

    def mistakes(self, kind: str, *attributes: Attribute) -> list[Mistake]:
        """The mistakes that compiling finds."""
        try:
            self.plan(kind, *attributes)
        except InvalidMapping as error:
            return list(error.mistakes)
        return []


def rows(columns: Dict[str, Sequence[Value] | Value]) -> dict[str, Sequence[Value]]:
    """Columns as in an event; a single value stands for one row."""
    return {f"t_{name}": value if isinstance(value, list) else [cast(Value, value)] for name, value in columns.items()}
