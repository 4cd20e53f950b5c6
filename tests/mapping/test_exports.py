"""The exports that others published: each is read, and says what it said there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mapping import document, formats, pyrog
from mapping.model import Column, Condition, Filter, Input, Join, Mapping, TableColumn
from tests.mapping.documents import DEFINITIONS

EXPORTS = Path(__file__).parents[3] / "shared" / "reference" / "fhir-river"
NAMES = ["mapping-v7-mimic.json", "mapping-v7-patient.json", "mapping-v5-mimic.json", "old-mapping.json"]

pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the published exports are not beside this repository")


def export(name: str) -> Any:
    return json.loads((EXPORTS / name).read_text(encoding="utf-8"))


def read(name: str) -> Mapping:
    return formats.read(export(name), DEFINITIONS).mapping


@pytest.mark.parametrize("name", NAMES)
def test_each_export_is_read_and_comes_back_from_our_own_form(name: str) -> None:
    mapping = read(name)
    assert mapping.resources
    exported = json.loads(document.dump(mapping))
    assert formats.read(exported, DEFINITIONS).mapping == mapping


def test_the_export_of_version_10() -> None:
    first = read("old-mapping.json").resources[0]
    assert first.logical_reference == "b8efd322-3e38-4072-9c68-e62e15d84d04"
    assert first.primary_key == Column("patients", "subject_id", "public")
    assert [one.path for one in first.attributes] == [
        "name[0].given[0]", "name[0]", "name[0].given[1]",
        "identifier[0].system", "identifier[0]", "identifier[0].value",
    ]  # fmt: skip


def test_the_export_called_version_7() -> None:
    mapping = read("mapping-v7-mimic.json")
    assert mapping.source.id == "mimicSourceId"
    assert [one.resource_type for one in mapping.resources] == [
        "DiagnosticReport", "EpisodeOfCare", "Patient", "EpisodeOfCare", "MedicationRequest", "Practitioner",
    ]  # fmt: skip
    filters = [one for resource in mapping.resources for one in resource.filters]
    assert filters == [Filter(Column("admissions", "admittime"), ">=", "2150-08-29 18:20:00")]


def test_the_one_resource_called_version_7() -> None:
    (patient,) = read("mapping-v7-patient.json").resources
    marital = next(one for one in patient.attributes if one.path == "maritalStatus.coding[0].code")
    join = Join(TableColumn("patients", "subject_id"), TableColumn("admissions", "subject_id"))
    assert marital.input_groups[0].inputs[0] == Input(
        column=Column("admissions", "marital_status", None, (join,)), script="map_marital_status"
    )


def test_the_export_of_river_5() -> None:
    reading = formats.read(export("mapping-v5-mimic.json"), DEFINITIONS)
    assert reading.credential is not None
    assert (reading.credential.host, reading.credential.login) == ("mimic", "test")
    by_label = {one.label.partition(" ")[0].partition("(")[0]: one for one in reading.mapping.resources}
    simple = by_label["feat_3_simple_valid_condition"]
    title = next(one for one in simple.attributes if one.path == "photo[0].title")
    (condition,) = title.input_groups[0].conditions
    assert condition == Condition("INCLUDE", Column("patients", "row_id", "public"), "GT", "0")
    (joined,) = by_label["feat_11_joinOnFilter"].filters
    assert (joined.column.table, joined.value, len(joined.column.joins)) == ("admissions", "EMERGENCY", 1)
    concat = by_label["feat_9_double_unvalid_conditions"]
    value = next(one for one in concat.attributes if one.path == "identifier[0].value")
    assert [one.static for one in value.input_groups[0].inputs] == [None, "(4)"]


def test_published_concept_maps_are_read_as_they_are() -> None:
    mapping = pyrog.read(export("old-mapping.json") | {"conceptMaps": export("concept_maps.json")})
    (genders,) = mapping.concept_maps
    assert genders.codes == {"F": "female", "M": "male"}
