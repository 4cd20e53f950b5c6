"""Our mapping of MIMIC-III: without mistakes, and giving what a person reviewed."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from command.demo import terms
from command.demo.bad_rows import BAD_ROWS
from command.demo.database import SEED
from command.demo.hospital import PATIENT_TABLES, Hospital
from command.demo.mapping import MAPPING
from command.demo.servers import SOURCE_ROWS
from command.demo.tables import Rows, columns
from command.mappings.examples import Examples, files_of
from mapping import pyrog
from mapping.check import check
from mapping.identity import canonical_key
from mapping.model import Mapping
from mapping.r4 import Definitions
from pipeline.errors import InvalidRecord
from tests.demo.joined import records, tables
from transformer.compile import compile_resource
from transformer.plan import Plan
from transformer.resource_check import ResourceChecks
from transformer.scripts import Scripts

TABLE = Path(os.environ.get("FHIR_DEFINITIONS", ".firth/cache/fhir/r4.json"))
EXAMPLES = files_of(MAPPING)


@pytest.fixture(scope="module")
def definitions() -> Definitions:
    if not TABLE.exists():
        pytest.skip(f"{TABLE} is not built: ./firth up builds it")
    return Definitions.load(TABLE)


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return pyrog.read(json.loads(MAPPING.read_text()))


@pytest.fixture(scope="module")
def plans(mapping: Mapping, definitions: Definitions) -> dict[str, Plan]:
    checks, scripts = ResourceChecks(definitions), Scripts(ZoneInfo("UTC"))
    return {
        resource.id: compile_resource(mapping, resource, definitions=definitions, checks=checks, scripts=scripts)
        for resource in mapping.resources
    }


def test_the_mapping_has_no_mistakes(mapping: Mapping, definitions: Definitions) -> None:
    assert check(mapping, definitions) == []


def test_the_demo_counts_every_resource_of_the_mapping(mapping: Mapping) -> None:
    assert [resource.id for resource in mapping.resources] == list(SOURCE_ROWS)


def test_every_resource_of_the_mapping_has_an_example(mapping: Mapping) -> None:
    shown = {json.loads(example.read_text())["resource_id"] for example in EXAMPLES}
    assert shown == {resource.id for resource in mapping.resources}


@pytest.fixture(scope="module")
def examples(mapping: Mapping, definitions: Definitions) -> Examples:
    return Examples(mapping, definitions=definitions, zone=ZoneInfo("UTC"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_gives_what_was_reviewed(example: Path, examples: Examples) -> None:
    assert not examples.run(example).told


def test_of_the_demos_rows_just_the_bad_ones_are_refused(mapping: Mapping, plans: dict[str, Plan]) -> None:
    source = tables(_source(patients=25))
    refused = Counter(
        resource.id
        for resource in mapping.resources
        for key, found in records(resource, source)
        if "reason" in _run(plans[resource.id], found, canonical_key(key))
    )
    assert refused == Counter(bad.resource for bad in BAD_ROWS)


def _source(*, patients: int) -> Rows:
    hospital = Hospital(SEED)
    everyone = [hospital.patient(number) for number in range(patients)]
    rows: Rows = {table: [row for one in everyone for row in one[table]] for table in PATIENT_TABLES}
    rows["caregivers"] = hospital.caregivers(patients)
    rows["d_icd_diagnoses"] = [(number, *row) for number, row in enumerate(terms.DIAGNOSES)]
    rows["d_labitems"] = [
        (number, item.itemid, item.label, item.fluid, item.category, item.loinc)
        for number, item in enumerate(terms.LAB_ITEMS)
    ]
    assert all(len(row) == len(columns(table)) for table in rows for row in rows[table])
    return rows


def _run(plan: Plan, found: dict[str, list[Any]], key: str) -> dict[str, Any]:
    """The resource, or how it was refused."""
    try:
        made: dict[str, Any] = json.loads(plan.run(found, key).body)
    except InvalidRecord as error:
        return {"reason": error.reason, "sentence": str(error)}
    return made
