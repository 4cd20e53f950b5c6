"""The MIMIC demo rows of fhir-river's own tests, through each of its mapping exports and through our own mapping.
Skipped where they are not there."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import pytest

from mapping import formats
from mapping import model as mapped
from mapping.check import check
from pipeline.errors import InvalidRecord
from pipeline.events import Value
from tests.demo.joined import Table, records
from tests.transformer.building import Engine

SHARED = Path(os.environ.get("FIRTH_SHARED", "../shared")) / "reference" / "fhir-river"
OURS = Path("transformer/mappings/mimic.json")
GENDERS = {"title": "genders", "codes": {"M": "male", "F": "female"}}

# Exports name concept maps that are on no server of ours: these are what they stand for.
CONCEPT_MAPS = {
    "mapping-v7-mimic.json": "04a8ab8d-9a58-48d3-851f-9c00afbbf1d1",
    "mapping-v7-patient.json": "id_cm_gender",
    "mapping-v5-mimic.json": "8d45157a-12c5-4da2-8b80-0c5607fa37d7",
    "old-mapping.json": "none",
}
# Resources made of the demo's rows, and refused, by type. Of tables that the demo lacks, none.
OUTCOMES = {
    # Every patient of the demo died, and this shape has no way to say which of the two forms of `deceased` counts.
    "mapping-v7-mimic.json": {
        "DiagnosticReport": 1761, "EpisodeOfCare": 265, "MedicationRequest": 10398, "Practitioner": 129,
        "Patient refused: wrong-cardinality": 100,
    },
    "mapping-v7-patient.json": {"Patient refused: wrong-cardinality": 100},
    # The demo's admissions lack their type, which is all that Encounter.class is made of.
    "mapping-v5-mimic.json": {
        "Patient": 900, "Encounter refused: missing-element": 129, "Condition": 1761, "Practitioner": 7567,
        "MedicationRequest": 10398,
    },
    "old-mapping.json": {"Patient": 200},
}  # fmt: skip


class AnyColumns(dict[str, Value]):
    """A row whose other columns are null, as a left join would have them."""

    def __missing__(self, name: str) -> Value:
        return None


@pytest.fixture(scope="module")
def rows() -> Mapping[str, Table]:
    """The demo's tables, and empty ones where it lacks them."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there")
    tables: dict[str, Table] = {
        name: [] for name in ("d_icd_diagnoses", "d_icd_procedures", "d_labitems", "labevents", "microbiologyevents",
                              "procedures_icd", "services")
    }  # fmt: skip
    for path in (SHARED / "mimic-demo").glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as file:
            tables[path.stem] = [
                AnyColumns({name: value or None for name, value in row.items()}) for row in csv.DictReader(file)
            ]
    return tables


def run(mapping: mapped.Mapping, rows: Mapping[str, Table], engine: Engine) -> Iterator[tuple[str, Any, str]]:
    """Each row's key with the resource that it became, or with None and how it was refused. Filters are the
    database's to apply: all rows are run."""
    for resource in mapping.resources:
        plan = engine.compile(mapping, resource)
        for key, columns in records(replace(resource, filters=()), rows):
            try:
                yield resource.resource_type, plan.run(columns, str(key)), str(key)
            except InvalidRecord as error:
                yield f"{resource.resource_type} refused: {error.reason}", None, str(key)


@pytest.mark.parametrize("export", CONCEPT_MAPS)
def test_every_row_becomes_a_resource_or_is_refused_for_what_the_mapping_says(
    export: str, rows: Mapping[str, Table], engine: Engine
) -> None:
    document = json.loads((SHARED / export).read_bytes())
    concept_maps = [GENDERS | {"id": CONCEPT_MAPS[export]}]
    mapping = formats.read(
        document | {"conceptMaps": concept_maps, "concept_maps": concept_maps}, engine.definitions
    ).mapping
    assert not check(mapping, engine.definitions)
    assert Counter(outcome for outcome, _, _ in run(mapping, rows, engine)) == OUTCOMES[export]


def test_ids_are_those_that_fhir_river_gives(rows: Mapping[str, Table], engine: Engine) -> None:
    mapping = formats.read(json.loads((SHARED / "old-mapping.json").read_bytes()), engine.definitions).mapping
    references = [resource.logical_reference for resource in mapping.resources]
    made = list(run(mapping, rows, engine))
    assert [one.id for _, one, _ in made] == [
        str(uuid5(UUID(reference), key))
        for reference, (_, _, key) in zip([one for one in references for _ in range(100)], made, strict=True)
    ]


def test_our_own_mapping_takes_every_row(rows: Mapping[str, Table], engine: Engine) -> None:
    """But for encounters: the demo's ICU stays lack the unit, which in MIMIC-III itself is never null."""
    ours = formats.read(json.loads(OURS.read_bytes()), engine.definitions).mapping
    assert Counter(outcome for outcome, _, _ in run(ours, rows, engine)) == {
        "Patient": 100, "Condition": 1761, "MedicationRequest": 10398, "Practitioner": 7567,
        "Encounter refused: missing-element": 129,
    }  # fmt: skip
