"""The MIMIC demo rows of fhir-river's own tests, through its mapping exports. Skipped where they are not there."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID, uuid5

import orjson
import pytest

from mapping import pyrog
from mapping.model import Column, Mapping, ResourceMapping
from pipeline.errors import InvalidRecord
from pipeline.events import Value
from tests.transformer.building import Engine

SHARED = Path(os.environ.get("FIRTH_SHARED", "../shared")) / "reference" / "fhir-river"
EXPORTS = ["old-mapping.json"]
OURS = Path("transformer/mappings/mimic.json")


@pytest.fixture(params=EXPORTS)
def export(request: pytest.FixtureRequest) -> Mapping:
    path = SHARED / str(request.param)
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return pyrog.read(json.loads(path.read_bytes()))


def columns_of(resource: ResourceMapping) -> set[Column]:
    groups = [group for attribute in resource.attributes for group in attribute.input_groups]
    given = {one.column for group in groups for one in group.inputs if one.column is not None}
    return given | {condition.column for group in groups for condition in group.conditions}


def records(resource: ResourceMapping) -> Iterator[tuple[str, dict[str, Sequence[Value]]]]:
    """Key and columns of each row of the resource's table, as the extractor would send them."""
    with (SHARED / "mimic-demo" / f"{resource.primary_key.table}.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            columns: dict[str, Sequence[Value]] = {
                column.alias: [row[column.column] or None] for column in columns_of(resource)
            }
            yield row[resource.primary_key.column], columns


def test_every_row_becomes_a_resource_with_the_id_that_fhir_river_gives_it(export: Mapping, engine: Engine) -> None:
    for resource in export.resources:
        plan = engine.compile(export, resource)
        made = {key: plan.run(columns, key) for key, columns in records(resource)}
        assert len(made) == 100
        for key, one in made.items():
            assert one.id == str(uuid5(UUID(resource.logical_reference), key))
            assert engine.checks.fault(orjson.loads(one.body)) is None


def test_our_own_mapping_takes_the_demo_rows_or_says_why_not(engine: Engine) -> None:
    """The rows are real, so codes come that our concept maps do not have, and the tables lack some columns."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there")
    ours = pyrog.read(json.loads(OURS.read_bytes()))
    outcomes: Counter[str] = Counter()
    for resource in ours.resources:
        table = resource.primary_key.table
        path = SHARED / "mimic-demo" / f"{table}.csv"
        if not path.exists():
            continue
        plan = engine.compile(ours, resource)
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                # Columns that the demo lacks are null, as a left join would have them.
                columns: dict[str, Sequence[Value]] = {
                    column.alias: [(row.get(column.column) or None) if column.table == table else None]
                    for column in columns_of(resource)
                }
                try:
                    plan.run(columns, row["row_id"])
                    outcomes["made"] += 1
                except InvalidRecord as error:
                    outcomes[error.reason] += 1
    assert set(outcomes) <= {"made", "missing-element", "unmapped-code", "wrong-type"}
    assert outcomes["made"] > 10_000
